import type { Eni } from "../net/eni.ts";

/**
 * Every number that a NIC is given, in one place. They follow from the network card and the device
 * number, which EC2 fixes for as long as the ENI is attached: another ENI's arrival or departure
 * moves none of them (cloud-init and nm-cloud-setup count positions, and renumber live tables).
 *
 * | number  | from  | why |
 * |---------|-------|-----|
 * | index   | 0     | 100 · card + device; a card has fewer than 100 devices |
 * | metric  | 512   | below 1024, networkd's default, so that a route without a metric loses; the primary has the lowest |
 * | table   | 10000 | clear of 253 to 255 (the kernel's) and of the small numbers that admins take |
 * | priority | 10000 | = table; behind 0 (local), before 32766 (main) |
 */
const first = { metric: 512, table: 10_000 } as const;
const devicesPerCard = 100;

/** Which NIC it is, across all network cards. */
export function indexOf(eni: Pick<Eni, "networkCard" | "deviceNumber">): number {
  return devicesPerCard * eni.networkCard + eni.deviceNumber;
}

/** Of the routes that DHCP and router advertisements bring into the main table. */
export function metricOf(index: number): number {
  return first.metric + index;
}

/** The NIC's own routing table, and the priority of the rules that lead there. */
export function tableOf(index: number): number {
  return first.table + index;
}
