import * as v from "valibot";
import type { SimulatorControl } from "../vpc/simulator-control.ts";

/** The requests to IMDS since its log was cleared. */
export interface ImdsLoad {
  readonly requests: number;
  /** The maximum in any second. */
  readonly perSecond: number;
  readonly tokens: number;
  readonly throttled: number;
}

const logged = v.array(
  v.object({ atMs: v.number(), method: v.string(), status: v.nullable(v.number()) }),
);

export async function imdsLoad({ look }: Pick<SimulatorControl, "look">): Promise<ImdsLoad> {
  const requests = v.parse(logged, await look("requests"));
  const times = requests.map(({ atMs }) => atMs);
  const inSecondFrom = (startMs: number): number =>
    times.filter((atMs) => atMs >= startMs && atMs < startMs + 1000).length;
  return {
    requests: requests.length,
    perSecond: Math.max(0, ...times.map(inSecondFrom)),
    tokens: requests.filter(({ method }) => method === "PUT").length,
    throttled: requests.filter(({ status }) => status === 503 || status === 429).length,
  };
}
