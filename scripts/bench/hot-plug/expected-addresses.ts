import { familyOf } from "../../../src/model/ip.ts";
import type { HotplugSchedule } from "../../../test/kit/propagation/hotplug-schedules.ts";
import { scheduleEnd } from "../../../test/kit/propagation/schedule-end.ts";

/** An address from which packets must be answered. */
export interface ExpectedAddress {
  /** Its name in a table: `IPv4`, `2nd IPv4`, `IPv6 prefix`. */
  readonly label: string;
  readonly address: string;
  /** The source in its policy rule: the address, or the delegated prefix that has it. */
  readonly from: string;
  /** Whether it is the address of a container, taken from a delegated prefix. */
  readonly isContainer: boolean;
}

/** The addresses of a schedule's NIC, and one of each of its prefixes, when the schedule is over. */
export function expectedAtEnd(schedule: HotplugSchedule): readonly ExpectedAddress[] {
  const { addresses, prefixes } = scheduleEnd(schedule);
  const inPrefixes = prefixes.map((prefix) => {
    const address = firstIn(prefix);
    return { label: `IPv${familyOf(address)} prefix`, address, from: prefix, isContainer: true };
  });
  return [...expectedOwn(addresses), ...inPrefixes];
}

/** The addresses of a NIC itself; `addresses` has one family after the other. */
export function expectedOwn(addresses: readonly string[]): readonly ExpectedAddress[] {
  return addresses.map((address, at) => {
    const family = familyOf(address);
    const isFirst = at === 0 || familyOf(addresses[at - 1] ?? "") !== family;
    const label = `${isFirst ? "" : "2nd "}IPv${family}`;
    return { label, address, from: address, isContainer: false };
  });
}

/** `10.0.1.33` of `10.0.1.32/28`, `2600:…::1` of `2600:…::/80`. */
function firstIn(prefix: string): string {
  const [base = ""] = prefix.split("/");
  if (base.endsWith("::")) return `${base}1`;
  return base.replace(/\d+$/, (last) => String(Number(last) + 1));
}
