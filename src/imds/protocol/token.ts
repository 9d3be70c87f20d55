/**
 * How IMDSv2 is spoken to with a token.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export const tokenPath = "/latest/api/token";
/** Of the PUT: for how many seconds. */
export const tokenTtlHeader = "x-aws-ec2-metadata-token-ttl-seconds";
/** Of each GET. */
export const tokenHeader = "x-aws-ec2-metadata-token";

/** An empty page or a login form is none. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
