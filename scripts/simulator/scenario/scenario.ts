import type { EniSpec } from "./eni-spec.ts";
import type { FaultRule } from "../faults/fault.ts";
import type { InstanceSpec } from "./instance-spec.ts";
import type { Late } from "./lateness.ts";
import type { Content } from "../metadata/metadata.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";
import type { Leaf, Tree } from "../metadata/tree.ts";

/**
 * An instance, and how its metadata service behaves. Keys are relative to `meta-data/`, or begin
 * with `dynamic/`, `user-data` or `latest/`. Times count from the start.
 */
export interface Scenario extends InstanceSpec {
  /** Replaces the metadata that is built from the instance's description. */
  readonly content?: Content;
  /** Changes to that metadata, by key: a leaf, a folder, or null to remove the key. */
  readonly set?: Readonly<Record<string, Leaf | Tree | null>>;
  readonly late?: Readonly<Record<string, Late>>;
  /** Changes at later times. */
  readonly changes?: readonly Change[];
  readonly faults?: readonly FaultRule[];
  readonly rateLimit?: RateLimitSpec;
  /** The delay before every reply. */
  readonly latencyMs?: number;
  /** Default false: every reply has `Connection: close`, as on EC2 (titus-executor #633). */
  readonly keepAlive?: boolean;
  /** Default `required`: IMDSv2 only. */
  readonly httpTokens?: "required" | "optional";
  /** IMDS is switched off: 403. */
  readonly disabled?: boolean;
  /** Default `disabled`, as on EC2: the simulator does not listen on its IPv6 addresses. */
  readonly httpProtocolIpv6?: "disabled" | "enabled";
  /** A proxy between client and IMDS adds `X-Forwarded-For`: 403 (kube2iam #270). */
  readonly proxy?: boolean;
  /** Reads `%3A` in a path as `:`. Default false: it is a 404, because no client of EC2 sends it. */
  readonly decodeEscapes?: boolean;
}

/** One change: exactly one of the four is set. */
export interface Change {
  readonly afterMs: number;
  readonly attach?: EniSpec;
  readonly detach?: Detach;
  readonly set?: { readonly path: string; readonly value: Leaf | Tree };
  readonly remove?: { readonly path: string };
}

/** The detachment of an ENI. */
export interface Detach {
  readonly mac: string;
  /** How long the ENI stays listed after the detachment, as IMDS does. */
  readonly lingerMs?: number;
}
