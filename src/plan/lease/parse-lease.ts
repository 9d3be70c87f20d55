import { Failure } from "../../exit.ts";
import { netmaskLength, networkCidr, parseIpv4 } from "../../model/ip.ts";
import type { DhcpClientName, DhcpEvent, DhcpLease, NetworkdLease } from "../../model/dhcp.ts";

/** A value of a lease, as text, with the client's name for the value. */
interface LeaseField {
  readonly name: string;
  /** The value as the client wrote it; empty if the client gave no value. */
  readonly text: string;
}

/** The values of a lease, not parsed yet. */
interface RawLease {
  readonly address: LeaseField;
  /** A netmask. */
  readonly mask: LeaseField;
  /** Addresses, separated by blanks. */
  readonly routers: LeaseField;
  readonly mtu: LeaseField;
  /** The lease time in seconds, or in networkd's form `52min 30s`. */
  readonly seconds: LeaseField;
}

/** Reads a lease. `names` are the client's names for address, mask, routers, MTU and seconds. */
export function readLease(names: readonly string[], read: (name: string) => string): RawLease {
  const [address, mask, routers, mtu, seconds] = names;
  const field = (name = ""): LeaseField => ({ name, text: read(name) });
  return {
    address: field(address),
    mask: field(mask),
    routers: field(routers),
    mtu: field(mtu),
    seconds: field(seconds),
  };
}

/**
 * Parses and checks every value of a lease, because any DHCP server can have sent it. `address` and
 * `mask` are required. Throws `DATAERR`, with the client and the variable, for an invalid value.
 */
export function parseDhcpLease(client: DhcpClientName, field: RawLease): DhcpLease {
  const reject = createReject(client);
  const address = parseIpv4(field.address.text) ?? reject(field.address, "not an IPv4 address");
  const length = netmaskLength(field.mask.text) ?? reject(field.mask, "not a netmask");
  const { routers, mtu } = field;
  const words = routers.text.split(/\s+/).filter((word) => word !== "");
  return {
    address,
    subnet: networkCidr(address, length),
    routers: words.map((ip) => parseIpv4(ip) ?? reject(routers, "not a list of IPv4 addresses")),
    mtu: mtu.text === "" ? null : (parseMtu(mtu.text) ?? reject(mtu, "not an MTU")),
    leaseSeconds: parseLeaseSeconds(field.seconds, reject),
  };
}

type Reject = (field: LeaseField, problem: string) => never;

function createReject(client: DhcpClientName): Reject {
  return ({ name, text }, problem) => {
    // the text comes from a server and may be long
    const quoted = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    throw new Failure("DATAERR", `${client}: ${name} is ${problem}: ${quoted}`);
  };
}

/** An MTU is at least 68 and has 16 bits (RFC 2132 §5.1). */
function parseMtu(text: string): number | null {
  const isNumber = /^[1-9]\d{1,4}$/.test(text);
  return isNumber && Number(text) >= 68 && Number(text) <= 0xffff ? Number(text) : null;
}

/** The largest 32-bit number means infinity (RFC 2131 §3.3). */
const infiniteLease = 0xffff_ffff;

const unitSeconds: Readonly<Record<string, number>> = {
  y: 31_557_600,
  month: 2_629_800,
  w: 604_800,
  d: 86_400,
  h: 3600,
  min: 60,
  s: 1,
};

function parseLeaseSeconds(field: LeaseField, reject: Reject): number | null {
  const text = field.text.trim();
  if (text === "" || text === "infinity") return null;
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : parseTimeSpan(text);
  if (seconds === null || seconds > infiniteLease) return reject(field, "not a number of seconds");
  return seconds === infiniteLease ? null : seconds;
}

/** systemd 257 writes the lease time as a time span (systemd.time(7)); 252 wrote seconds. */
function parseTimeSpan(text: string): number | null {
  const parts = text.split(/\s+/).map((word) => {
    const [, count = "", unit = ""] = /^(\d{1,9})(y|month|w|d|h|min|s)$/.exec(word) ?? [];
    return count === "" ? null : Number(count) * (unitSeconds[unit] ?? 0);
  });
  const known = parts.filter((part) => part !== null);
  return known.length < parts.length ? null : known.reduce((sum, part) => sum + part, 0);
}

/**
 * One event for each of networkd's leases, because networkd has no hook and does not report which
 * lease changed. A lost lease has no file, so there is always one more event, without a NIC. This
 * event makes the run look for rules that are left over. Throws `DATAERR` if a value is invalid.
 */
export function parseNetworkdLeases(leases: readonly NetworkdLease[]): readonly DhcpEvent[] {
  const client = "networkd";
  return [
    { kind: "irrelevant", client, summary: `networkd: ${leases.length} leases` },
    ...leases.map(({ nic, text }): DhcpEvent => {
      const fields = readLease(leaseKeys, (name) => lastValue(text, name));
      const lease = parseDhcpLease(client, fields);
      return { kind: "bound", client, nic, lease, summary: "networkd: a lease" };
    }),
  ];
}

/** The names that networkd uses in its lease files. */
const leaseKeys = ["ADDRESS", "NETMASK", "ROUTER", "MTU", "LIFETIME"];

/** The value of the last assignment, as systemd's own parser reads it. */
function lastValue(text: string, name: string): string {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}=`));
  return lines.at(-1)?.slice(name.length + 1) ?? "";
}
