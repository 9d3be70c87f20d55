import type { Eni } from "../../model/eni.ts";

/**
 * All numbers that a NIC gets. They follow from the network card and the device number, which EC2
 * fixes while the ENI is attached: attaching or detaching another ENI changes none of them
 * (cloud-init and nm-cloud-setup count positions, and renumber live tables).
 *
 * | number   | from  | why |
 * |----------|-------|-----|
 * | index    | 0     | 100 · card + device; a card has fewer than 100 devices |
 * | metric   | 512   | below 1024, networkd's default, so that a route without a metric loses; the primary has the lowest |
 * | table    | 10000 | clear of 253 to 255 (the kernel's) and of the small numbers that admins use |
 * | priority | 10000 | rule for the rest of a source's traffic: = table; after 0 (local), before 32766 (main) |
 * |          | 6000  | rule that looks into main: before the one above |
 * |          | 2000  | rules for the VPC: before both, and after 1000 (l3mdev, VRFs) and 512 to 1536 (VPC CNI) |
 *
 * The three priorities of one NIC always have this order, and those of different NICs concern
 * different sources. They are 4000 apart, so that a number identifies its NIC and its meaning, up to
 * card 39; p5.48xlarge has the most cards: 32.
 */
const base = { metric: 512, table: 10_000, priority: { vpc: 2000, main: 6000 } } as const;
const devicesPerCard = 100;

/** Identifies a NIC's position across all network cards. */
export function eniIndex(eni: Pick<Eni, "networkCard" | "deviceNumber">): number {
  return devicesPerCard * eni.networkCard + eni.deviceNumber;
}

/** The card and device number of an index. */
export function slotOfIndex(index: number): Pick<Eni, "networkCard" | "deviceNumber"> {
  return { networkCard: Math.floor(index / devicesPerCard), deviceNumber: index % devicesPerCard };
}

/** The metric of the routes that DHCP and router advertisements add to the main table. */
export function metricOf(index: number): number {
  return base.metric + index;
}

/** The NIC's own routing table. */
export function tableOf(index: number): number {
  return base.table + index;
}

/**
 * The priorities of the three rules of each of a NIC's sources, see the table above. Traffic to the
 * VPC (`vpc`) uses the NIC's table, destinations with a route in `main` use main, and the rest (`own`)
 * uses the NIC's table.
 */
export function prioritiesOf(index: number): Readonly<Record<"vpc" | "main" | "own", number>> {
  const { vpc, main } = base.priority;
  return { vpc: vpc + index, main: main + index, own: tableOf(index) };
}
