import type { Link, LinkAddress } from "./link.ts";

/** What a link is doing at this moment, as far as asking IMDS through it depends on it. */
export interface LinkState extends Link {
  /** Somebody has switched it on (IFF_UP). */
  readonly isUp: boolean;
  /** Something is at the other end (`carrier`); false while it is down, when the kernel won't say. */
  readonly hasCarrier: boolean;
  /** The bond, bridge or VRF it belongs to; null: none. */
  readonly master: string | null;
  /** Its own; empty while it has no carrier. */
  readonly addresses: readonly LinkAddress[];
}

/** The links that IMDS may be asked through, best first, and why not the others. */
export interface Ranking {
  readonly candidates: readonly RankedLink[];
  readonly others: readonly PassedOver[];
}

export interface RankedLink {
  readonly link: LinkState;
  /** 1 is the best. */
  readonly rank: number;
  /** What its rank comes from, in words: `carrier, an address of its own, driver ena`. */
  readonly reason: string;
}

export interface PassedOver {
  readonly link: LinkState;
  /** `a bridge`, `belongs to bond0` */
  readonly reason: string;
}
