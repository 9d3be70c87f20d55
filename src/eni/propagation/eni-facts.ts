import type { Eni } from "../../model/eni.ts";
import type { OccupiedSlot } from "../../model/link.ts";
import type { ListedEni } from "../schema.ts";
import type { EniObservations } from "./observations.ts";

/** What is known about one attached NIC, at one moment. */
export interface EniFacts {
  readonly observed: EniObservations;
  /** The value of `meta-data/mac`; null if not known yet. */
  readonly primaryMac: string | null;
  /**
   * Whether the primary has `network-card`; null if not known yet. If this ENI lacks the leaf,
   * either the instance has one card or the leaf is late. The primary's folder exists since launch,
   * and on a type with several cards every ENI has the leaf: so if the primary lacks it too, there
   * is one card. Only the listing of the primary's folder is requested, and only once
   * (ec2-net-utils #153: a guess of 0 gave two NICs one table).
   */
  readonly primaryHasCard: boolean | null;
  /**
   * The primary's device-number; null if not known, because it is requested only if this ENI has
   * the number 0. That is mostly a late value, and real only if the primary has another number.
   */
  readonly primaryDevice: number | null;
  /** The other watched ENIs, as far as known, because two ENIs must not have the same slot. */
  readonly otherEnis: readonly ListedEni[];
  /** The slots of other present NICs, watched or not. */
  readonly occupiedSlots: readonly OccupiedSlot[];
  /** The ENI when it was last complete; null if it never was. */
  readonly lastUsable: Eni | null;
  readonly kernel: KernelFacts | null;
  readonly times: ClassifyTimes;
}

/** What the kernel shows about the NIC. */
export interface KernelFacts {
  /** Addresses that a DHCP client set. EC2's DHCP server gives them before IMDS lists them. */
  readonly dhcp: readonly string[];
  /** Whether a router advertised itself on the link. */
  readonly hasRouter: boolean;
  readonly hasCarrier: boolean;
}

/** Times in ms; `nowMs` is from `Clock.now`. */
export interface ClassifyTimes {
  readonly nowMs: number;
  /** `--settle`: an ENI is settled if unchanged for this time; with 0, as soon as it is usable. */
  readonly settleMs: number;
  /** If addresses are missing for this time, while the rest is complete, they count as absent. */
  readonly confirmAbsenceMs: number;
}

/** What must be requested again, because its change can remove the reason to wait. */
export type AwaitedItem =
  "mac-list" | "primary-mac" | "primary-folder" | "folder" | { readonly leaf: string };
