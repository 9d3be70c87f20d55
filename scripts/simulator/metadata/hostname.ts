/**
 * The host name that AWS derives from a private address: `ip-10-0-0-10.ec2.internal` in us-east-1;
 * in other regions it contains the region.
 * https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
 */
export function localHostname(ipv4: string, region: string): string {
  const domain = region === "us-east-1" ? "ec2.internal" : `${region}.compute.internal`;
  return `ip-${ipv4.replaceAll(".", "-")}.${domain}`;
}

/** The host name that AWS derives from a public address. */
export function publicHostname(ipv4: string, region: string): string {
  const domain = region === "us-east-1" ? "compute-1" : `${region}.compute`;
  return `ec2-${ipv4.replaceAll(".", "-")}.${domain}.amazonaws.com`;
}
