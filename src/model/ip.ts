/**
 * Addresses are canonical text: IPv4 dotted quads, IPv6 as in RFC 5952 (hexadecimal only, also for
 * ::ffff:0:0/96), MACs in lower case with colons. A parse function returns the canonical form, or
 * null if the text is invalid. `node:net` is not used, because it costs 3 ms of start-up and does
 * not return the canonical form.
 */
export type Family = 4 | 6;

const addressBits = { 4: 32, 6: 128 } as const;

/** Four decimal numbers. Leading zeros are refused, because some programs read them as octal. */
export function parseIpv4(text: string): string | null {
  const value = parseIpv4Value(text);
  return value === null ? null : formatIpv4(value);
}

/** Any notation of RFC 4291, also with an IPv4 tail; zone ids (`%eth0`) are refused. */
export function parseIpv6(text: string): string | null {
  const value = parseIpv6Value(text);
  return value === null ? null : formatIpv6(value);
}

/** `address/length` without host bits: a network, and not a host with its prefix length. */
export function parseCidr(text: string, family: Family): string | null {
  const [address = "", length = "", ...rest] = text.split("/");
  const value = parseValue(address, family);
  if (value === null || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length)) return null;
  const hostBits = addressBits[family] - Number(length);
  if (hostBits < 0 || value % (1n << BigInt(hostBits)) !== 0n) return null;
  return `${formatAddress(value, family)}/${length}`;
}

/** Six octets of two digits each, with colons. */
export function parseMac(text: string): string | null {
  return /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? text.toLowerCase() : null;
}

/** The family of a canonical address or CIDR. */
export function familyOf(addressOrCidr: string): Family {
  return addressOrCidr.includes(":") ? 6 : 4;
}

/** A canonical address as a network of its own: /32 or /128. */
export function hostCidr(address: string): string {
  return `${address}/${addressBits[familyOf(address)]}`;
}

/** The address part of a canonical CIDR: `10.0.1.0` of `10.0.1.0/24`. */
export function cidrAddress(cidr: string): string {
  return cidr.slice(0, cidr.indexOf("/"));
}

/** The number of bits in a canonical CIDR's prefix. */
export function prefixLength(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf("/") + 1));
}

/**
 * The address that a VPC reserves for its router: the base of the subnet + 1.
 * https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html Throws `RangeError` for a
 * prefix longer than /30, which has no room for a router; the parser of the metadata refuses it.
 */
export function subnetRouter(cidr: string): string {
  const { family, value, length } = parseCanonicalCidr(cidr);
  if (length > addressBits[family] - 2) throw new RangeError(`${cidr} has no room for a router`);
  return formatAddress(value + 1n, family);
}

/** Whether a canonical address lies in a canonical CIDR. */
export function cidrContains(cidr: string, address: string): boolean {
  const network = parseCanonicalCidr(cidr);
  const host = parseCanonicalCidr(hostCidr(address));
  if (network.family !== host.family) return false;
  const hostBits = BigInt(addressBits[network.family] - network.length);
  return host.value >> hostBits === network.value >> hostBits;
}

/** Whether all addresses of the second canonical CIDR are in the first; equal ones are. */
export function cidrCovers(cidr: string, other: string): boolean {
  return prefixLength(cidr) <= prefixLength(other) && cidrContains(cidr, cidrAddress(other));
}

function parseCanonicalCidr(cidr: string) {
  const family = familyOf(cidr);
  const value = parseValue(cidrAddress(cidr), family);
  if (value === null) throw new RangeError(`${cidr} is not a canonical network`);
  return { family, value, length: prefixLength(cidr) };
}

function parseValue(address: string, family: Family): bigint | null {
  return family === 4 ? parseIpv4Value(address) : parseIpv6Value(address);
}

function formatAddress(value: bigint, family: Family): string {
  return family === 4 ? formatIpv4(value) : formatIpv6(value);
}

function parseIpv4Value(text: string): bigint | null {
  const octets = text.split(".");
  const isValid = (octet: string) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255;
  if (octets.length !== 4 || !octets.every(isValid)) return null;
  return octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
}

function parseIpv6Value(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = [halves[0] ?? "", halves[1]];
  // an IPv4 tail is valid only at the end of the whole address
  const before = parseGroups(head, tail === undefined);
  const after = parseGroups(tail ?? "", true);
  if (before === null || after === null) return null;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...before, ...Array.from({ length: missing }, () => 0n), ...after];
  return groups.reduce((value, group) => (value << 16n) + group, 0n);
}

/** The 16-bit groups of one side of `::`; null if one is invalid. */
function parseGroups(text: string, mayEndInIpv4: boolean): readonly bigint[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const last = parts.at(-1) ?? "";
  const ipv4Tail = mayEndInIpv4 && last.includes(".") ? parseIpv4Value(last) : null;
  const words = ipv4Tail === null ? parts : parts.slice(0, -1);
  if (!words.every((word) => /^[0-9a-f]{1,4}$/i.test(word))) return null;
  const groups = words.map((word) => BigInt(`0x${word}`));
  return ipv4Tail === null ? groups : [...groups, ipv4Tail >> 16n, ipv4Tail & 0xffffn];
}

/** RFC 5952 §4: no leading zeros, and `::` for the first longest run of two or more zero groups. */
function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const runs = groups.map((_, index) => zeroRunLength(groups, index));
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(":");
  const start = runs.indexOf(longest);
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + longest).join(":")}`;
}

function zeroRunLength(groups: readonly string[], start: number): number {
  const rest = groups.slice(start);
  const end = rest.findIndex((group) => group !== "0");
  return end === -1 ? rest.length : end;
}

/**
 * Reserved in every VPC as the IPv6 router's address, whatever the subnet.
 * https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ipv6-addressing.html
 */
export const vpcIpv6Router = "fe80:ec2::1";

/** 169.254.0.0/16, in canonical text. */
export function isLinkLocalIpv4(address: string): boolean {
  return address.startsWith("169.254.");
}

/** The link-local network of a link; the other addresses of fe80::/10 are not used (RFC 4291). */
export const linkLocalNetwork = "fe80::/64";

/** fe80::/10, in canonical text. */
export function isLinkLocalIpv6(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/.test(address);
}

/** The network of a canonical IPv4 address, as a canonical CIDR; `length` is 0 to 32. */
export function networkCidr(address: string, length: number): string {
  const hostBits = BigInt(addressBits[4] - length);
  const value = parseCanonicalCidr(hostCidr(address)).value;
  return `${formatIpv4((value >> hostBits) << hostBits)}/${length}`;
}

/** The prefix length of a netmask like `255.255.240.0`; null if the text is not a netmask. */
export function netmaskLength(mask: string): number | null {
  const value = parseIpv4Value(mask);
  const length = Array.from({ length: 33 }, (_, bits) => bits).find(
    (bits) => value === 2n ** 32n - 2n ** BigInt(32 - bits),
  );
  return length ?? null;
}

/** Host (an IPv6 address without brackets) and port of an endpoint. */
export function splitEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const url = new URL(endpoint);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || "80") };
}
