/**
 * IMDSv2's token: a PUT to this path issues it, and each GET needs it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export const tokenPath = "/latest/api/token";
/** Of the PUT: the token's lifetime in seconds. */
export const tokenTtlHeader = "x-aws-ec2-metadata-token-ttl-seconds";
/** Of each GET. */
export const tokenHeader = "x-aws-ec2-metadata-token";

/** False for an empty page or a login form. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
