import type { Answer } from "../../../src/imds/protocol/answer.ts";
import type { KernelFacts } from "../../../src/eni/propagation/eni-facts.ts";
import type { ImdsSession } from "../../../src/imds/session.ts";
import { watchEnis } from "../../../src/commands/hotplug/poll.ts";
import type { EniEvent } from "../../../src/eni/propagation/eni-progress.ts";
import type { OccupiedSlot } from "../../../src/model/link.ts";
import { fakeClock, fakeLog } from "../host/fake-host.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../../scripts/simulator/scenario/simulated-instance.ts";

export interface TimedEvent {
  readonly atMs: number;
  readonly event: EniEvent;
}

interface TimedRequest {
  readonly atMs: number;
  readonly path: string;
}

interface Options {
  readonly scenario: Scenario;
  readonly macs?: readonly string[];
  /** More MACs to watch at a time; `macs` are watched until they settle. */
  readonly alsoWanted?: (nowMs: number, events: readonly TimedEvent[]) => readonly string[];
  readonly settleMs?: number;
  readonly deadlineMs?: number;
  readonly kernel?: (mac: string) => KernelFacts | null;
  /** The occupied slots at a time. */
  readonly occupiedSlots?: (
    nowMs: number,
    events: readonly TimedEvent[],
  ) => readonly OccupiedSlot[];
  /** Replaces an answer of IMDS; null: the answer is unchanged. May throw. */
  readonly fault?: (path: string, atMs: number) => Answer | null;
}

/** The MAC of `{ device: 1 }`. */
export const pluggedMac = "06:ec:2a:00:00:01";

/** Runs a watch to its end over an instance in memory. Only waits advance its clock. */
export async function watchInMemory({ scenario, macs = [pluggedMac], ...options }: Options) {
  const { settleMs = 10_000, deadlineMs = 60_000, kernel = () => null, fault } = options;
  const { alsoWanted = () => [] } = options;
  const clock = fakeClock();
  const log = fakeLog();
  const requests: TimedRequest[] = [];
  const events: TimedEvent[] = [];
  const instance = new SimulatedInstance(scenario, clock.now);
  const tryGet: ImdsSession["tryGet"] = async (path) => {
    const text = path.join("/");
    requests.push({ atMs: clock.now(), path: text });
    const faulty = fault?.(text, clock.now()) ?? null;
    if (faulty !== null) return faulty;
    const body = instance.metadata.read(path);
    return body === null ? { kind: "absent" } : { kind: "value", body };
  };
  const host = { clock, log, signal: new AbortController().signal };
  const failure = await collect().catch((error: unknown) => error);
  return { events, requests, log, failure: failure ?? null, endMs: clock.now() };

  async function collect(): Promise<void> {
    const wanted = new Set(macs);
    const watch = watchEnis(
      host,
      { tryGet, deadlineMs, retries: Infinity },
      {
        macs: async () => [...wanted, ...alsoWanted(clock.now(), events)],
        nameOf: () => null,
        settleMs,
        kernel,
        occupiedSlots: () => options.occupiedSlots?.(clock.now(), events) ?? [],
      },
    );
    for await (const batch of watch) {
      for (const { kind, mac } of batch) if (kind === "settled") wanted.delete(mac);
      events.push(...batch.map((event) => ({ atMs: clock.now(), event })));
    }
  }
}
