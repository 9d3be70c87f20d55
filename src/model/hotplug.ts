import * as v from "valibot";
import type { FailureKind } from "../exit.ts";
import type { NicResult } from "./plan.ts";

/** When what became of a NIC that came, in milliseconds since the run began; null: never. */
export interface NicTimeline {
  readonly listedMs: number | null;
  readonly usableMs: number | null;
  /** Its configuration was written and activated. */
  readonly appliedMs: number | null;
  readonly ipv6Ms: number | null;
  readonly settledMs: number | null;
  /** Those of its own folder in IMDS. */
  readonly requests: number;
}

/** A NIC that came, and how that went. */
export interface HotplugNic extends NicResult {
  readonly timeline: NicTimeline;
}

/** What came of a NIC that another run had the care of. */
export interface HotplugAnswer {
  readonly nic: HotplugNic;
  readonly failure: SerializedFailure | null;
}

interface SerializedFailure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly hint: string | null;
}

const timeSchema = v.nullable(v.number());

/** An answer as it lies in a file of ours. */
export const hotplugAnswerSchema = v.object({
  nic: v.object({
    mac: v.string(),
    name: v.nullable(v.string()),
    eni: v.nullable(v.string()),
    outcome: v.picklist(["configured", "unchanged", "kept", "incomplete", "failed", "skipped"]),
    reason: v.exactOptional(v.string()),
    timeline: v.object({
      listedMs: timeSchema,
      usableMs: timeSchema,
      appliedMs: timeSchema,
      ipv6Ms: timeSchema,
      settledMs: timeSchema,
      requests: v.number(),
    }),
  }),
  failure: v.nullable(
    v.object({
      kind: v.picklist(["CANTCREAT", "NOPERM", "OSERR", "TEMPFAIL"]),
      message: v.string(),
      hint: v.nullable(v.string()),
    }),
  ),
});

/** What an event of the kernel, or the words of a caller, mean for a NIC. */
export type NicEvent =
  | { readonly kind: "added"; readonly selector: LinkSelector }
  /**
   * Its link is gone, which a driver's unload and a detach have in common: what is on the bus
   * tells them apart.
   */
  | { readonly kind: "gone-from-kernel"; readonly name: string | null; readonly mac: string | null }
  /** A device is gone; `device`: its name on the bus, null where the caller does not know which. */
  | { readonly kind: "gone-from-bus"; readonly device: string | null }
  | { readonly kind: "irrelevant"; readonly reason: string };

/** How the link of an event is found. */
export type LinkSelector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "mac"; readonly mac: string }
  /** The device that the link belongs to, below `/sys`; `name`: what udev is renaming it to, if told. */
  | { readonly kind: "device"; readonly path: string; readonly name: string | null }
  /** The device's name on its bus: `0000:00:06.0`, `vif-1`, `virtio3`. */
  | { readonly kind: "bus"; readonly address: string };

/** A run that has the care of a NIC which came. */
export interface JoinRequest {
  readonly id: string;
  readonly mac: string;
  /** How long it ran when it wished. */
  readonly elapsedMs: number;
  /** false: it was killed since, and nobody waits for an answer. */
  readonly isAlive: boolean;
}
