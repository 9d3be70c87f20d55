import { Failure } from "../../exit.ts";
import { maskLength, networkOf, parseIpv4 } from "../../model/ip.ts";
import type { DhcpClientName, DhcpEvent, DhcpLease, NetworkdLease } from "../../model/dhcp.ts";

/** A value as a client gives it, and under which name. */
interface Given {
  readonly name: string;
  /** Empty: it was not given. */
  readonly text: string;
}

/** The values of a lease, as a client gives them. */
export interface GivenLease {
  readonly address: Given;
  /** A netmask. */
  readonly mask: Given;
  /** Addresses with blanks between. */
  readonly routers: Given;
  readonly mtu: Given;
  /** Seconds, or networkd's `52min 30s`. */
  readonly seconds: Given;
}

/**
 * A lease of which every value has been read as what it should be; `address` must be given. Throws
 * `DATAERR`, which names the client and its variable, for a value that is anything else: a server of
 * anybody's may have written it.
 */
export function parseDhcpLease(client: DhcpClientName, given: GivenLease): DhcpLease {
  const refuse = refusalOf(client);
  const address = parseIpv4(given.address.text) ?? refuse(given.address, "no IPv4 address");
  const length = maskLength(given.mask.text) ?? refuse(given.mask, "no netmask");
  const routers = given.routers.text.split(/\s+/).filter((word) => word !== "");
  return {
    address,
    subnet: networkOf(address, length),
    routers: routers.map((word) => parseIpv4(word) ?? refuse(given.routers, "no IPv4 addresses")),
    mtu: given.mtu.text === "" ? null : (mtuOf(given.mtu.text) ?? refuse(given.mtu, "no MTU")),
    leaseSeconds: secondsOf(given.seconds, refuse),
  };
}

type Refuse = (given: Given, why: string) => never;

function refusalOf(client: DhcpClientName): Refuse {
  return ({ name, text }, why) => {
    // of what somebody else wrote, not a page
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    throw new Failure("DATAERR", `${client}: ${name} is ${why}: ${shown}`);
  };
}

/** RFC 2132 §5.1: at least 68; it has 16 bits. */
function mtuOf(text: string): number | null {
  const isNumber = /^[1-9]\d{1,4}$/.test(text);
  return isNumber && Number(text) >= 68 && Number(text) <= 0xffff ? Number(text) : null;
}

/** RFC 2131 §3.3: the largest number means for ever. */
const forever = 0xffff_ffff;

const unitSeconds: Readonly<Record<string, number>> = {
  y: 31_557_600,
  month: 2_629_800,
  w: 604_800,
  d: 86_400,
  h: 3600,
  min: 60,
  s: 1,
};

function secondsOf(given: Given, refuse: Refuse): number | null {
  const text = given.text.trim();
  if (text === "" || text === "infinity") return null;
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : spanSeconds(text);
  if (seconds === null || seconds > forever) return refuse(given, "no number of seconds");
  return seconds === forever ? null : seconds;
}

/** systemd 257 writes a span (systemd.time(7)) where 252 had seconds. */
function spanSeconds(text: string): number | null {
  const parts = text.split(/\s+/).map((word) => {
    const [, count = "", unit = ""] = /^(\d{1,9})(y|month|w|d|h|min|s)$/.exec(word) ?? [];
    return count === "" ? null : Number(count) * (unitSeconds[unit] ?? 0);
  });
  return parts.reduce<number | null>(
    (sum, part) => (sum === null || part === null ? null : sum + part),
    0,
  );
}

/**
 * What networkd's leases say, one event for each: it has no hook, and does not say which lease
 * changed. One that it has lost has no file any more: an event without a NIC is there in any case, so
 * that what is left over is looked for. Throws `DATAERR` for a value that is not what it should be.
 */
export function networkdEvents(leases: readonly NetworkdLease[]): readonly DhcpEvent[] {
  const client = "networkd";
  return [
    { kind: "irrelevant", client, why: `networkd: ${leases.length} leases` },
    ...leases.map(({ nic, text }): DhcpEvent => {
      const given = (name: string) => ({ name, text: valueOf(text, name) });
      const lease = parseDhcpLease(client, {
        address: given("ADDRESS"),
        mask: given("NETMASK"),
        routers: given("ROUTER"),
        mtu: given("MTU"),
        seconds: given("LIFETIME"),
      });
      return { kind: "bound", client, nic, lease, why: "networkd: a lease" };
    }),
  ];
}

/** The last one counts, as in systemd's own reader. */
function valueOf(text: string, name: string): string {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}=`));
  return lines.at(-1)?.slice(name.length + 1) ?? "";
}
