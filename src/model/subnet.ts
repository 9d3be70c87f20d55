import { parseIpv4 } from "./address.ts";

/** The network of an IPv4 address, as a canonical CIDR. Both are canonical; `length` is 0 to 32. */
export function networkOf(address: string, length: number): string {
  const octets = address.split(".").map((octet, at) => Number(octet) & maskOctet(length, at));
  return `${octets.join(".")}/${length}`;
}

/** The length that a netmask like `255.255.240.0` means; null where it is none. */
export function maskLength(mask: string): number | null {
  const canonical = parseIpv4(mask);
  if (canonical === null) return null;
  const lengths = Array.from({ length: 33 }, (_, length) => length);
  return lengths.find((length) => maskOf(length) === canonical) ?? null;
}

function maskOf(length: number): string {
  return [0, 1, 2, 3].map((at) => maskOctet(length, at)).join(".");
}

/** The `at`-th octet of a netmask. */
function maskOctet(length: number, at: number): number {
  const bits = Math.min(8, Math.max(0, length - 8 * at));
  return 256 - 2 ** (8 - bits);
}
