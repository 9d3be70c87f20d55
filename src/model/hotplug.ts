import * as v from "valibot";
import { exitCodes, type FailureKind } from "../exit.ts";
import { nicOutcomes } from "./plan.ts";

const timeSchema = v.nullable(v.number());

/** When each stage was reached, in ms since the process started; null if it was not reached. */
const timelineSchema = v.object({
  listedMs: timeSchema,
  usableMs: timeSchema,
  /** The NIC's configuration was written and activated. */
  appliedMs: timeSchema,
  ipv6Ms: timeSchema,
  settledMs: timeSchema,
  /** The number of requests for the NIC's own folder in IMDS. */
  requests: v.number(),
});

const failureKindSchema = v.custom<FailureKind>(
  (kind) => typeof kind === "string" && Object.hasOwn(exitCodes, kind),
);

/** The result for a NIC, in a file from the run that did the work for the run that requested it. */
export const hotplugAnswerSchema = v.object({
  nic: v.object({
    mac: v.string(),
    name: v.nullable(v.string()),
    eni: v.nullable(v.string()),
    outcome: v.picklist(nicOutcomes),
    reason: v.exactOptional(v.string()),
    isFinal: v.exactOptional(v.literal(true)),
    timeline: timelineSchema,
  }),
  failure: v.nullable(
    v.object({ kind: failureKindSchema, message: v.string(), hint: v.nullable(v.string()) }),
  ),
});

export type HotplugAnswer = Readonly<v.InferOutput<typeof hotplugAnswerSchema>>;
/** The result for a hot-plugged NIC. */
export type HotplugNic = Readonly<HotplugAnswer["nic"]>;
export type NicTimeline = Readonly<v.InferOutput<typeof timelineSchema>>;

/** What an event of the kernel, or the caller's arguments, mean for a NIC. */
export type NicEvent =
  | { readonly kind: "added"; readonly selector: LinkSelector }
  /** The link is gone: the driver was unloaded, or the NIC was detached from its bus. */
  | { readonly kind: "link-removed"; readonly name: string | null; readonly mac: string | null }
  /** A device is gone. `device` is its name on the bus; null if the caller does not know it. */
  | { readonly kind: "device-removed"; readonly device: string | null }
  | { readonly kind: "irrelevant"; readonly reason: string };

/** How to find the link that an event is about. */
export type LinkSelector =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "mac"; readonly mac: string }
  /** The link's device, below `/sys`. `name` is what udev renames the link to; null if unknown. */
  | { readonly kind: "device"; readonly path: string; readonly name: string | null }
  /** The name of the link's device on its bus: `0000:00:06.0`, `vif-1`, `virtio3`. */
  | { readonly kind: "bus"; readonly address: string };

/** A request of another run to the leading run, to configure this NIC too. */
export interface JoinRequest {
  /** The process id. */
  readonly id: string;
  readonly mac: string;
  /** How long the other run had existed when it made the request. */
  readonly elapsedMs: number;
  /** False if the other run was killed, so that no process waits for an answer. */
  readonly isAlive: boolean;
}
