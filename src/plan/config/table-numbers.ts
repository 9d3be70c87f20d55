import { type Eni, numberedSlot, type Slot } from "../../model/eni.ts";

/**
 * All numbers that a NIC gets. They follow from the network card and the device number, which EC2
 * does not change while the ENI is attached. So no number changes when another ENI is attached or
 * detached (cloud-init and nm-cloud-setup count positions, and renumber tables in use).
 *
 * | number   | from  | why |
 * |----------|-------|-----|
 * | index    | 0     | 100 · card + device, because a card has fewer than 100 devices |
 * | metric   | 512   | below 1024, networkd's default, so that a route without a metric loses; the primary has the lowest |
 * | table    | 10000 | different from 253 to 255 (the kernel's) and from the small numbers that admins use |
 * | priority | 10000 | rule for a source's other traffic, the table's number; after 0 (local), before 32766 (main) |
 * |          | 6000  | rule that looks into main; before the rule above |
 * |          | 2000  | rules for the VPC; before both, and after 1000 (l3mdev, VRFs) and 512 to 1536 (VPC CNI) |
 *
 * The three priorities of one NIC always have this order, and those of different NICs are for
 * different sources. They are 4000 apart, so that a number identifies one NIC and one kind of rule,
 * up to card 39; p5.48xlarge has the most cards (32).
 */
const base = { metric: 512, table: 10_000, priority: { vpc: 2000, main: 6000 } } as const;
const devicesPerCard = 100;

/** Identifies a NIC across all network cards; 0 for the primary. */
export function eniIndex(eni: Slot & Pick<Eni, "isPrimary">): number {
  const { networkCard, deviceNumber } = numberedSlot(eni);
  return devicesPerCard * networkCard + deviceNumber;
}

/** The card and device number of an index. */
export function slotOfIndex(index: number): Slot {
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
 * The priorities of the three rules for each source of a NIC, see the table above. Traffic to the
 * VPC (`vpc`) uses the NIC's table, destinations with a route in `main` use main, and the rest
 * (`own`) uses the NIC's table.
 */
export function prioritiesOf(index: number): Readonly<Record<"vpc" | "main" | "own", number>> {
  const { vpc, main } = base.priority;
  return { vpc: vpc + index, main: main + index, own: tableOf(index) };
}
