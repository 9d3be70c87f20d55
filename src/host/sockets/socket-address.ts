export const AF_INET = 2;
const AF_INET6 = 10;

/** A `struct sockaddr_in` or `sockaddr_in6` (ip(7), ipv6(7)), and the family it is of. */
export interface SocketAddress {
  readonly family: number;
  readonly bytes: Uint8Array;
}

/** `address`: IPv4, or IPv6 without brackets and zone. Throws a bug for what is neither. */
export function socketAddress(address: string, port: number, scopeId = 0): SocketAddress {
  const isIpv6 = address.includes(":");
  if (!isIpv6 && !/^\d+(\.\d+){3}$/.test(address)) throw new RangeError(`${address}: no address`);
  const bytes = new Uint8Array(isIpv6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  const family = isIpv6 ? AF_INET6 : AF_INET;
  view.setUint16(0, family, isLittleEndian);
  view.setUint16(2, port); // network order
  if (isIpv6) {
    bytes.set(ipv6Bytes(address), 8);
    view.setUint32(24, scopeId, isLittleEndian);
  } else bytes.set(address.split(".").map(Number), 4);
  return { family, bytes };
}

/** The address in a `struct sockaddr` that the kernel filled in, as people write it. */
export function ipOf(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  if (view.getUint16(0, isLittleEndian) === AF_INET) return bytes.slice(4, 8).join(".");
  const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(8 + 2 * at).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** URL knows every way to write an address; what it gives is hexadecimal groups and one `::`. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): readonly number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  const back = groups(tail ?? "");
  const all = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}
