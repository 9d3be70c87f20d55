import * as v from "valibot";
import { type Eni, hasAddresses } from "../../model/eni.ts";
import { describeMs } from "../../model/text.ts";
import { badLeaf, eniOf, eniSchema, type ListedEni } from "../schema.ts";
import { doubtedLeaves, type EniMemory, freshLeaves, lateLeaves } from "./memory.ts";
import { whyIncomplete, whyTaken } from "../completeness.ts";
import type { TakenPlace } from "../../model/link.ts";

/** What is known of one NIC that was plugged in, at one moment. */
export interface EniSight {
  readonly memory: EniMemory;
  /** `meta-data/mac`; null: not known yet. */
  readonly primaryMac: string | null;
  /**
   * Whether the primary has `network-card`; null: not known yet. That tells a single-card instance
   * from *not yet*: the primary's folder is there since launch, and on a type with several cards
   * every ENI's folder has the leaf. So a primary without it means one card, and a primary with it
   * means that ours is late. One listing, asked once, and nobody else's leaves are read
   * (ec2-net-utils #153: a guess of 0 made two NICs share a table).
   */
  readonly primaryHasCard: boolean | null;
  /** The others that are watched, as far as they are known: two must not claim one place. */
  readonly others: readonly ListedEni[];
  /** Places of other NICs that are here, watched or not. */
  readonly taken: readonly TakenPlace[];
  /** As it was when it was whole last; null: it never was. */
  readonly whole: Eni | null;
  readonly kernel: KernelSight | null;
  readonly times: JudgeTimes;
}

/** What the kernel shows of the NIC. */
export interface KernelSight {
  /** Addresses that a DHCP client put there: EC2's DHCP knows them before IMDS tells. */
  readonly dhcp: readonly string[];
  /** A router advertised itself on the link. */
  readonly hasRouter: boolean;
  readonly hasCarrier: boolean;
}

/** On one clock. */
export interface JudgeTimes {
  readonly nowMs: number;
  /** `--settle`: unchanged for so long is settled; 0: as soon as it is usable. */
  readonly settleMs: number;
  /** What is not there for so long, while the rest is whole and unchanged, never comes. */
  readonly doubtForMs: number;
}

/** What must be asked again to learn that a reason is gone. */
export type Awaited = "macs" | "mac" | "cards" | "folder" | { readonly leaf: string };

export type EniVerdict =
  | { readonly state: "absent"; readonly reason: string; readonly awaits: Awaited }
  | { readonly state: "not-yet"; readonly reason: string; readonly awaits: Awaited }
  | {
      readonly state: "usable";
      readonly eni: Eni;
      /** Why it is not settled; empty: only time is missing. */
      readonly missing: readonly string[];
      /** Words for who waits: no reason to wait, and none to fail. */
      readonly hints: readonly string[];
      readonly awaits: Awaited;
    }
  | { readonly state: "settled"; readonly eni: Eni };

/**
 * Whether one ENI can be configured, by what was read of it. `absent`: not listed. `not-yet`: not
 * whole, nothing is guessed. `usable`: every listed leaf that matters is read and fits. `settled`:
 * and nothing has changed for `settleMs`, as far as answers tell: the time in which IMDS gave none
 * does not count. What was whole once is never taken back for an answer that says less.
 */
export function judgeEni(sight: EniSight): EniVerdict {
  const { memory, whole } = sight;
  const found = findEni(sight);
  const eni = "eni" in found ? found.eni : whole;
  if (eni === null) {
    if ("eni" in found) throw new Error("an ENI that was found is there");
    return { state: memory.listedMs === null ? "absent" : "not-yet", ...found };
  }
  const obstacle = "eni" in found ? whyUnsure(sight, found.eni) : found;
  const isQuiet = memory.readMs - memory.changedMs >= sight.times.settleMs;
  const isOver = sight.times.settleMs === 0 || (obstacle === null && isQuiet);
  if (isOver) return { state: "settled", eni };
  return {
    state: "usable",
    eni,
    missing: obstacle === null ? [] : [obstacle.reason],
    hints: hintsOf(sight, eni),
    awaits: obstacle?.awaits ?? "folder",
  };
}

interface Obstacle {
  readonly reason: string;
  readonly awaits: Awaited;
}

function findEni(sight: EniSight): { readonly eni: Eni } | Obstacle {
  const unread = whyUnread(sight);
  if (unread !== null) return unread;
  const listed = listedEni(sight);
  if ("reason" in listed) return listed;
  const cardless = whyCardUnknown(sight, listed);
  if (cardless !== null) return cardless;
  const obstacle = whyIncomplete(listed, [listed, ...sight.others, ...primaryWithCard(sight)]);
  if (obstacle !== null) {
    return { reason: obstacle.reason, awaits: where(sight.memory, obstacle.leaf) };
  }
  const place = whyTaken(listed, sight.taken, sight.others);
  if (place !== null) return { reason: place, awaits: where(sight.memory, "device-number") };
  const eni = eniOf(listed);
  return whyWithoutAddress(sight, eni) ?? { eni };
}

/** Before values can be judged, they must have been asked for and answered. */
function whyUnread({ memory, primaryMac }: EniSight): Obstacle | null {
  if (memory.listedMs === null) return { reason: "macs/ does not list it", awaits: "macs" };
  if (memory.folder === "unread") return { reason: "its folder is not read yet", awaits: "folder" };
  if (memory.folder === "gone") {
    const isNew = Object.keys(memory.leaves).length === 0;
    const reason = isNew ? "listed, but its folder is not there yet" : "its folder is gone again";
    return { reason, awaits: "folder" };
  }
  if (primaryMac === null) return { reason: "meta-data/mac is not there yet", awaits: "mac" };
  const [unasked] = freshLeaves(memory);
  if (unasked !== undefined) {
    return { reason: `${unasked}: listed, not read yet`, awaits: { leaf: unasked } };
  }
  const late = lateLeaves(memory);
  const [first] = late;
  if (first === undefined) return null;
  const reason = `${late.join(", ")}: listed, but not there yet`;
  return { reason, awaits: { leaf: first } };
}

/** The folder as far as it is believed; a value that is no metadata may be one later. */
export function listedEni({
  memory,
  primaryMac,
}: Pick<EniSight, "memory" | "primaryMac">): ListedEni | Obstacle {
  const { mac, leaves } = memory;
  const values = Object.entries(leaves).flatMap(([name, { value }]) => {
    return value === null ? [] : [[name, value] as const];
  });
  const parsed = v.safeParse(eniSchema, Object.fromEntries(values));
  if (parsed.success) return { mac, isPrimary: mac === primaryMac, folder: parsed.output };
  const [issue] = parsed.issues;
  const leaf = issue.path?.[0].key;
  const awaits = typeof leaf === "string" ? where(memory, leaf) : "folder";
  return { reason: badLeaf(mac, issue).message, awaits };
}

/** A leaf shows its news itself; one that is not listed shows in the listing first. */
function where(memory: EniMemory, leaf: string): Awaited {
  return memory.leaves[leaf]?.isListed === true ? { leaf } : "folder";
}

function whyCardUnknown(sight: EniSight, { isPrimary, folder }: ListedEni): Obstacle | null {
  const isKnown = folder["network-card"] !== undefined || sight.primaryHasCard !== null;
  const hasOther = sight.others.some((other) => other.folder["network-card"] !== undefined);
  if (isPrimary || isKnown || hasOther) return null;
  const reason = "whether this instance has several network cards is not known yet";
  return { reason, awaits: "cards" };
}

/** Stands for the ENI that has `network-card`, which is all that matters of it here. */
function primaryWithCard({ primaryMac, primaryHasCard }: EniSight): readonly ListedEni[] {
  if (primaryMac === null || primaryHasCard !== true) return [];
  const folder = { "device-number": 0, "network-card": 0 };
  return [{ mac: primaryMac, isPrimary: true, folder: { ...noLists, ...folder } }];
}

const noLists = v.parse(eniSchema, {});

/**
 * An EFA-only ENI has no address for ever, any other has none for seconds, and nothing but time
 * tells them apart: whole and unchanged for so long, it is one. Not while the kernel has an address.
 */
function whyWithoutAddress({ memory, kernel, times }: EniSight, eni: Eni): Obstacle | null {
  if (hasAddresses(eni)) return null;
  const [leased] = kernel?.dhcp ?? [];
  if (leased !== undefined) {
    return { reason: `dhcp gave ${leased}, imds lists no address yet`, awaits: "folder" };
  }
  if (memory.readMs - memory.changedMs >= times.doubtForMs) return null;
  const forMs = describeMs(times.doubtForMs);
  const reason = `no address is listed: late, or efa-only (where it stays so for ${forMs})`;
  return { reason, awaits: "folder" };
}

/** Why what is usable cannot be all there is. */
function whyUnsure({ memory, kernel }: EniSight, eni: Eni): Obstacle | null {
  const [doubted] = doubtedLeaves(memory);
  if (doubted !== undefined) {
    const reason = `${doubted}: the last answer said less than the one before`;
    return { reason, awaits: where(memory, doubted) };
  }
  const known = [...eni.ipv4.addresses, ...eni.ipv6.addresses];
  const leased = kernel?.dhcp.find((address) => !known.includes(address));
  if (leased === undefined) return null;
  return { reason: `dhcp gave ${leased}, which imds does not list yet`, awaits: "folder" };
}

/** A router says that the subnet has IPv6, not that this ENI has: no reason to wait longer. */
function hintsOf({ kernel }: EniSight, eni: Eni): readonly string[] {
  if (kernel === null) return [];
  const isIpv6Open = kernel.hasRouter && eni.ipv6.addresses.length === 0;
  return [
    ...(isIpv6Open ? ["a router advertises itself: ipv6s may still come"] : []),
    ...(kernel.hasCarrier ? [] : ["the link has no carrier"]),
  ];
}
