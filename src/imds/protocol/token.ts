/**
 * A PUT to this path issues a token of IMDSv2, and each GET needs a token.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export const tokenPath = "/latest/api/token";
/** The header of the PUT for the lifetime of the token, in seconds. */
export const tokenTtlHeader = "x-aws-ec2-metadata-token-ttl-seconds";
/** The header of each GET for the token. */
export const tokenHeader = "x-aws-ec2-metadata-token";

/** Whether a body can be a token. An empty page or a login form cannot. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
