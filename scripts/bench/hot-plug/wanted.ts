import { familyOf } from "../../../src/model/ip.ts";
import type { HotplugSchedule } from "../../../test/kit/propagation/hotplug-schedules.ts";
import { scheduleEnd } from "../../../test/kit/propagation/schedule-end.ts";

/** Something that must answer when a schedule is over. */
export interface Wanted {
  /** In words: `IPv4`, `2nd IPv4`, `IPv6 prefix`. */
  readonly what: string;
  readonly address: string;
  /** What a rule of its own is from: the address, or the prefix that it stands for. */
  readonly from: string;
  /** Not the NIC's but a container's, out of a delegated prefix. */
  readonly isContainer: boolean;
}

export function wantedOf(schedule: HotplugSchedule): readonly Wanted[] {
  const { addresses, prefixes } = scheduleEnd(schedule);
  const inside = prefixes.map((prefix) => {
    const address = firstIn(prefix);
    return { what: `IPv${familyOf(address)} prefix`, address, from: prefix, isContainer: true };
  });
  return [...wantedAddresses(addresses), ...inside];
}

/** A NIC's own, one family after the other. */
export function wantedAddresses(addresses: readonly string[]): readonly Wanted[] {
  return addresses.map((address, at) => {
    const family = familyOf(address);
    const isFirst = at === 0 || familyOf(addresses[at - 1] ?? "") !== family;
    const what = `${isFirst ? "" : "2nd "}IPv${family}`;
    return { what, address, from: address, isContainer: false };
  });
}

/** `10.0.1.33` of `10.0.1.32/28`, `2600:…::1` of `2600:…::/80`. */
function firstIn(prefix: string): string {
  const [base = ""] = prefix.split("/");
  if (base.endsWith("::")) return `${base}1`;
  return base.replace(/\d+$/, (last) => String(Number(last) + 1));
}
