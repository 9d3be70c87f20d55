import { Failure } from "../../../src/exit.ts";
import { waitForEnis } from "../../../src/imds/metadata/wait-for-enis.ts";
import type { ImdsSession } from "../../../src/imds/session.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../../scripts/simulator/scenario/simulated-instance.ts";
import { fakeClock, fakeLog } from "../host/fake-host.ts";

export interface WaitSettings {
  readonly deadlineMs?: number;
  /** From this time, every request fails. */
  readonly failsAtMs?: number;
  readonly isAwaited?: (mac: string) => boolean;
  readonly presentMacs?: readonly string[];
}

const busy = new Failure("UNAVAILABLE", "503, throttled");

/** Does what `activate` does to load the ENIs of an instance in memory. Only waits advance its clock. */
export async function waitInMemory(scenario: Scenario, settings: WaitSettings = {}) {
  const { deadlineMs = 60_000, failsAtMs = Infinity, isAwaited = () => true } = settings;
  const clock = fakeClock();
  const instance = new SimulatedInstance(scenario, clock.now);
  let requests = 0;
  const get: ImdsSession["get"] = async (path) => {
    requests += 1;
    if (clock.now() >= failsAtMs) throw busy;
    return instance.metadata.read(path);
  };
  const tryGet: ImdsSession["tryGet"] = async () => ({ kind: "absent" });
  const stats: ImdsSession["stats"] = () => {
    throw new Error("stats is not called");
  };
  const close = async (): Promise<void> => undefined;
  const session = { get, tryGet, stats, deadlineMs, retries: Infinity, close };
  const host = { clock, log: fakeLog(), signal: new AbortController().signal };
  const readPresentMacs = async () => new Set(settings.presentMacs);
  const parsed = await waitForEnis(host, session, { isAwaited, readPresentMacs, occupied: [] });
  return { parsed, endMs: clock.now(), requests };
}
