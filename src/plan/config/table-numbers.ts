import {
  type Eni,
  maxDeviceNumber,
  maxNetworkCard,
  numberedSlot,
  type Slot,
} from "../../model/eni.ts";

/**
 * All numbers that a NIC gets. They follow from the network card and the device number, which EC2
 * does not change while the ENI is attached. So no number changes when another ENI is attached or
 * detached (cloud-init and nm-cloud-setup count positions, and renumber tables in use).
 *
 * | number   | from  | why |
 * |----------|-------|-----|
 * | index    | 0     | 100 · card + device, because a card has fewer than 100 devices |
 * | slot     | 0     | 32 · card + device, because rule priorities need smaller numbers than tables |
 * | metric   | 64    | below 100, which an image's catch-all file gives a NIC that is not configured yet; above 50, NetworkManager's for a VPN |
 * | table    | 10000 | different from 253 to 255 (the kernel's) and from the small numbers that admins use |
 * | priority | 1600  | the three kinds of rules, each `slot` after its base: after 512 to 1536 (VPC CNI) and |
 * |          | 2700  | 1000 (l3mdev, VRFs), before 5208 to 5270 (Mullvad, Tailscale), 30350 |
 * |          | 3800  | (nm-cloud-setup), wg-quick's rules just below 32766, and 32766 (main) |
 *
 * Cards and devices have the numbers 0 to 31 (`model/eni.ts`), and two more cards are provisional
 * (`lease/provisional.ts`). So the slots end at 1087, and a priority identifies one NIC and one kind
 * of rule.
 */
const base = {
  metric: 64,
  table: 10_000,
  priority: { table: 1600, main: 2700, own: 3800 },
} as const;
const devicesPerCard = 100;
const slotsPerCard = maxDeviceNumber + 1;

/** The first card whose numbers are provisional, and the number of such cards. */
export const provisionalCards = { first: maxNetworkCard + 1, count: 2 } as const;

/**
 * The group of the links of all ENIs. The number of the first table is used again, because few
 * programs use groups, with small numbers; 0 is the group of every other link.
 */
export const eniLinkGroup = base.table;

/** Identifies a NIC across all network cards; 0 for the primary. */
export function eniIndex(eni: Slot & Pick<Eni, "isPrimary">): number {
  return indexOfSlot(numberedSlot(eni));
}

/** The index of the ENI whose numbers follow from this slot. */
export function indexOfSlot({ networkCard, deviceNumber }: Slot): number {
  return devicesPerCard * networkCard + deviceNumber;
}

/** The card and device number of an index. */
export function slotOfIndex(index: number): Slot {
  return { networkCard: Math.floor(index / devicesPerCard), deviceNumber: index % devicesPerCard };
}

/** Whether an index belongs to a card and a device number that have rule priorities. */
export function isIndex(index: number): boolean {
  const { networkCard, deviceNumber } = slotOfIndex(index);
  const cardCount = provisionalCards.first + provisionalCards.count;
  return networkCard >= 0 && networkCard < cardCount && deviceNumber <= maxDeviceNumber;
}

/**
 * The metric of the routes that DHCP and router advertisements add to the main table. The primary,
 * whose index is 0, has the lowest.
 */
export function metricOf(index: number): number {
  return base.metric + index;
}

/** The NIC's own routing table. */
export function tableOf(index: number): number {
  return base.table + index;
}

/** The kinds of rules for each source of a NIC, in the order in which the kernel uses them. */
export type RuleKind = keyof (typeof base)["priority"];

/**
 * The priorities of the rules for each source of a NIC, see the table above: `table` is the NIC's
 * table without its default route, `main` the main table without some routes, and `own` the NIC's
 * table.
 */
export function prioritiesOf(index: number): Readonly<Record<RuleKind, number>> {
  const { networkCard, deviceNumber } = slotOfIndex(index);
  const slot = slotsPerCard * networkCard + deviceNumber;
  const { table, main, own } = base.priority;
  return { table: table + slot, main: main + slot, own: own + slot };
}

/** The index whose rules of this kind have this priority; null if there is none. */
export function indexOfPriority(priority: number, kind: RuleKind): number | null {
  const slot = priority - base.priority[kind];
  const networkCard = Math.floor(slot / slotsPerCard);
  const index = indexOfSlot({ networkCard, deviceNumber: slot - slotsPerCard * networkCard });
  return slot >= 0 && isIndex(index) ? index : null;
}

/**
 * The priorities of the rules that ec2nic 0.1.0 added: `vpc` for packets to the VPC, `main` for the
 * main table without its default route, and `own` for the NIC's table.
 */
export const firstVersionPriorities = { vpc: 2000, main: 6000, own: 10_000 } as const;

/** The highest index that ec2nic 0.1.0 gave to a NIC. */
export const firstVersionMaxIndex = 3999;
