import type { Host } from "../../../src/host/host.ts";
import { systemClock } from "../../../src/host/clock.ts";
import { systemHttp } from "../../../src/host/http.ts";
import { openSession } from "../../../src/imds/session.ts";
import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";
import { watchEnis } from "../../../src/commands/hotplug/poll.ts";
import type { EniEvent } from "../../../src/eni/propagation/eni-progress.ts";
import { fakeMachine } from "../host/fake-machine.ts";
import { fakeLog } from "../host/fake-host.ts";
import type { LoggedRequest } from "../../../scripts/simulator/service/request-log.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";

interface Watched {
  /** The events, with milliseconds since the start of the simulator, as its requests have. */
  readonly events: readonly { readonly atMs: number; readonly event: EniEvent }[];
  readonly requests: readonly LoggedRequest[];
  readonly connections: number;
}

interface WatchPlan {
  readonly scenario: Scenario;
  readonly macs: readonly string[];
  readonly settleMs: number;
  readonly timeoutMs: number;
}

/** Runs a watch to its end over real HTTP, in real time; `random()` is always 0.5. */
export async function watchSimulator(plan: WatchPlan): Promise<Watched> {
  const startMs = systemClock.now();
  await using simulator = await startSimulator({ scenario: plan.scenario });
  const host: Host = {
    ...fakeMachine(),
    http: systemHttp,
    bind: async () => "not in this test",
    imdsd: async () => null,
    clock: { ...systemClock, random: () => 0.5 },
    log: fakeLog(),
    signal: new AbortController().signal,
  };
  const limits = { tryMs: 2000, connectMs: 1000, retries: Infinity, timeoutMs: plan.timeoutMs };
  const choice = { endpoints: [simulator.url], nic: null, paths: "any", dhcp: false } as const;
  const settings: ImdsSettings = { ...choice, ...limits };
  const session = openSession(host, settings);
  const events: { atMs: number; event: EniEvent }[] = [];
  const wanted = new Set(plan.macs);
  const options = {
    macs: async () => [...wanted],
    nameOf: () => null,
    settleMs: plan.settleMs,
    kernel: () => null,
    occupiedSlots: () => [],
  };
  for await (const batch of watchEnis(host, session, options)) {
    for (const { kind, mac } of batch) if (kind === "settled") wanted.delete(mac);
    const atMs = systemClock.now() - startMs;
    events.push(...batch.map((event) => ({ atMs, event })));
  }
  await session.close();
  return { events, requests: simulator.requests, connections: simulator.connections };
}
