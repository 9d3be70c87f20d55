import type { Eni } from "../../model/eni.ts";

/**
 * Every number that a NIC is given, in one place. They follow from the network card and the device
 * number, which EC2 fixes for as long as the ENI is attached: another ENI's arrival or departure
 * moves none of them (cloud-init and nm-cloud-setup count positions, and renumber live tables).
 *
 * | number   | from  | why |
 * |----------|-------|-----|
 * | index    | 0     | 100 · card + device; a card has fewer than 100 devices |
 * | metric   | 512   | below 1024, networkd's default, so that a route without a metric loses; the primary has the lowest |
 * | table    | 10000 | clear of 253 to 255 (the kernel's) and of the small numbers that admins take |
 * | priority | 10000 | of what is left of a source's traffic: = table; behind 0 (local), before 32766 (main) |
 * |          | 6000  | of the look into main: before it |
 * |          | 2000  | of the VPC: before both, and behind 1000 (l3mdev, VRFs) and 512 to 1536 (VPC CNI) |
 *
 * The three priorities of one NIC are always in this order, and those of different NICs concern
 * different sources. They are 4000 apart, so that each number also tells its NIC and its meaning, up
 * to card 39; p5.48xlarge, which has the most, has 32.
 */
const base = { metric: 512, table: 10_000, priority: { vpc: 2000, main: 6000 } } as const;
const devicesPerCard = 100;

/** Which NIC it is, across all network cards. */
export function eniIndex(eni: Pick<Eni, "networkCard" | "deviceNumber">): number {
  return devicesPerCard * eni.networkCard + eni.deviceNumber;
}

/** Where that is. */
export function slotOfIndex(index: number): Pick<Eni, "networkCard" | "deviceNumber"> {
  return {
    networkCard: Math.floor(index / devicesPerCard),
    deviceNumber: index % devicesPerCard,
  };
}

/** Of the routes that DHCP and router advertisements bring into the main table. */
export function metricOf(index: number): number {
  return base.metric + index;
}

/** The NIC's own routing table. */
export function tableOf(index: number): number {
  return base.table + index;
}

/** Where each of a source's rules stands, see above. */
export interface RulePriorities {
  /** What stays in the VPC leaves through the NIC. */
  readonly vpc: number;
  /** What only main knows goes there. */
  readonly main: number;
  /** The rest leaves through the NIC. */
  readonly own: number;
}

/** Of the rules for one NIC's sources. */
export function prioritiesOf(index: number): RulePriorities {
  const { vpc, main } = base.priority;
  return { vpc: vpc + index, main: main + index, own: tableOf(index) };
}
