import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";

/** The router that DHCPv4 gives in an IPv6-only subnet, and the network of all link-local services. */
export const linkLocalRouter = { address: "169.254.0.1", network: "169.254.0.0/16" } as const;

/**
 * The address that DHCPv4 gives to an ENI in an IPv6-only subnet, as a /32; null for an ENI with IPv4
 * addresses, or without any address. IMDS does not list it.
 * https://github.com/amazonlinux/amazon-ec2-utils/issues/27
 */
export function linkLocalAddress({ mac, ipv4, ipv6 }: FullEni): string | null {
  if (ipv4.length > 0 || ipv6.length === 0) return null;
  const [card, device] = mac.split(":").slice(-2);
  return `169.254.${1 + Number.parseInt(card ?? "", 16)}.${10 + Number.parseInt(device ?? "", 16)}`;
}
