import {
  contains,
  type Family,
  parseCidr,
  parseIpv4,
  parseIpv6,
  prefixLength,
} from "../model/address.ts";

/**
 * What no NIC has, whoever says so: this host, loopback, link-local (IMDS itself), multicast and
 * broadcast. 240.0.0.0/4 is not among them: reserved as it is, private networks use it. To put such
 * an address on, or to route it, would break the machine and help nobody.
 * https://www.iana.org/assignments/iana-ipv4-special-registry,
 * https://www.iana.org/assignments/iana-ipv6-special-registry; fd00:ec2::/32 are AWS's own services.
 */
const nobodys: Readonly<Record<Family, readonly string[]>> = {
  4: ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"],
  6: ["::/96", "::ffff:0:0/96", "fe80::/10", "ff00::/8", "fd00:ec2::/32"],
};

/**
 * The widest that a VPC's network can be with room to spare (AWS: /16 and /44): with a wider one, all
 * that the machine sends would be the NIC's.
 */
const widest: Readonly<Record<Family, number>> = { 4: 8, 6: 20 };

/** An address that a NIC can have, canonical; null for what is none. */
export function parseNicAddress(text: string, family: Family): string | null {
  const address = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (address === null || nobodys[family].some((network) => contains(network, address)))
    return null;
  return address;
}

/** A network that a NIC's addresses can lie in, canonical; null for what is none. */
export function parseNicNetwork(text: string, family: Family): string | null {
  const cidr = parseCidr(text, family);
  if (cidr === null || prefixLength(cidr) < widest[family]) return null;
  return nobodys[family].some((network) => overlap(network, cidr)) ? null : cidr;
}

/** One lies in the other, or they have nothing in common. */
function overlap(one: string, other: string): boolean {
  return contains(one, baseOf(other)) || contains(other, baseOf(one));
}

function baseOf(cidr: string): string {
  return cidr.slice(0, cidr.indexOf("/"));
}
