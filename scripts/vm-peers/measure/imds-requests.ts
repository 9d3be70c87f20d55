import * as v from "valibot";
import type { Vm } from "../../../test/kit/vm/vm.ts";
import { guestClock } from "./guest-clock.ts";

const logged = v.array(v.object({ atMs: v.number(), status: v.nullable(v.number()) }));
const counts = v.object({ nowMs: v.number() });

/** A request that the metadata service received. */
export interface ImdsRequest {
  /** Seconds since the guest's kernel started. */
  readonly atS: number;
  readonly status: number | null;
}

/** The requests since a time of the guest's clock, in seconds; 0: since its boot. */
export async function imdsRequests(vm: Vm, sinceS: number): Promise<readonly ImdsRequest[]> {
  const clock = await guestClock(vm);
  const { nowMs } = v.parse(counts, await vm.vpc.simulator.look("counts"));
  const nowS = clock(performance.now());
  return v
    .parse(logged, await vm.vpc.simulator.look("requests"))
    .map(({ atMs, status }) => ({ atS: nowS + (atMs - nowMs) / 1000, status }))
    .filter(({ atS }) => atS >= sinceS);
}
