import * as v from "valibot";
import type { FailureKind } from "../exit.ts";
import type { NicResult } from "./network-plan.ts";

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
  readonly failure: FailureText | null;
}

export interface FailureText {
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
