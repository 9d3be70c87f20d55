import type { EniSpec } from "./eni-spec.ts";
import type { FaultRule } from "../faults/fault.ts";
import type { InstanceSpec } from "./instance-spec.ts";
import type { Late } from "./lateness.ts";
import type { Content } from "../metadata/metadata.ts";
import type { RateLimitSpec } from "../faults/rate-limit.ts";
import type { Leaf, Tree } from "../metadata/tree.ts";

/**
 * An instance, and how its metadata service behaves. Keys are relative to `meta-data/`, or begin
 * with `dynamic/`, `user-data` or `latest/`; times count from the start.
 */
export interface Scenario extends InstanceSpec {
  /** Instead of what is built from the instance's description. */
  readonly content?: Content;
  /** Put over what was built: a leaf, a folder, or null to take away. */
  readonly set?: Readonly<Record<string, Leaf | Tree | null>>;
  readonly late?: Readonly<Record<string, Late>>;
  /** Changes to come. */
  readonly changes?: readonly Change[];
  readonly faults?: readonly FaultRule[];
  readonly rateLimit?: RateLimitSpec;
  /** Before every answer. */
  readonly latencyMs?: number;
  /** Default true; false: every answer says `Connection: close`, as traces of EC2 show it. */
  readonly keepAlive?: boolean;
  /** Default `required`: IMDSv2 only. */
  readonly httpTokens?: "required" | "optional";
  /** IMDS is switched off: 403. */
  readonly disabled?: boolean;
}

/** One change; exactly one of the four is there. */
export interface Change {
  readonly afterMs: number;
  readonly attach?: EniSpec;
  readonly detach?: Detach;
  readonly set?: { readonly path: string; readonly value: Leaf | Tree };
  readonly remove?: { readonly path: string };
}

export interface Detach {
  readonly mac: string;
  /** Still listed for so long, as IMDS does after a detach. */
  readonly lingerMs?: number;
}
