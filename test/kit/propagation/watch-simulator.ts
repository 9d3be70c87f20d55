import type { Host, HttpTransport } from "../../../src/host/host.ts";
import { systemHttp } from "../../../src/host/http.ts";
import { openSession } from "../../../src/imds/session.ts";
import type { ImdsSettings } from "../../../src/imds/protocol/settings.ts";
import { watchEnis } from "../../../src/commands/hotplug/poll.ts";
import type { EniEvent } from "../../../src/eni/propagation/eni-progress.ts";
import { fakeMachine } from "../host/fake-machine.ts";
import { fakeLog } from "../host/fake-host.ts";
import { type VirtualClock, virtualClock } from "../host/virtual-clock.ts";
import type { LoggedRequest } from "../../../scripts/simulator/service/request-log.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import type { Simulator } from "../../../scripts/simulator/simulator.ts";
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

/** The limits of a request, in real time: only one that hangs reaches them. */
const limits = { tryMs: 600_000, connectMs: 600_000, retries: Infinity } as const;

/**
 * Runs a watch to its end over real HTTP. The watch and the simulator have one clock, which stands still
 * during a request; `random()` is always 0.5.
 */
export async function watchSimulator(plan: WatchPlan): Promise<Watched> {
  const clock = virtualClock();
  const { faults = [], ...scenario } = plan.scenario;
  await using simulator = await startSimulator({ scenario, nowMs: clock.now });
  for (const rule of faults) await addFault(simulator, clock, rule);
  const host: Host = {
    ...fakeMachine(),
    http: { fetch: fetchWhole(clock), canConnect: null },
    bind: async () => "not in this test",
    imdsd: async () => null,
    clock,
    log: fakeLog(),
    signal: new AbortController().signal,
  };
  const choice = { endpoints: [simulator.url], nic: null, paths: "any", dhcp: false } as const;
  const settings: ImdsSettings = { ...choice, ...limits, timeoutMs: plan.timeoutMs };
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
    events.push(...batch.map((event) => ({ atMs: clock.now(), event })));
  }
  await session.close();
  return { events, requests: simulator.requests, connections: simulator.connections };
}

/** A request and its whole answer, during which no time passes. */
function fetchWhole(clock: VirtualClock): HttpTransport["fetch"] {
  return (url, init) =>
    clock.hold(async () => {
      const response = await systemHttp.fetch(url, init);
      const { status, headers } = response;
      return new Response(await response.arrayBuffer(), { status, headers });
    });
}

/** The simulator refuses connections in real time; here a refusal ends on the clock of the watch. */
async function addFault(
  simulator: Simulator,
  clock: VirtualClock,
  rule: NonNullable<Scenario["faults"]>[number],
): Promise<void> {
  const { forMs, ...rest } = rule;
  if (rule.fault.kind !== "refuse" || forMs === undefined) return simulator.addFault(rule);
  simulator.addFault(rest);
  void clock.sleep(forMs).then(() => clock.hold(() => simulator.clearFaults()));
}
