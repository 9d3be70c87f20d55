import { watchEnis } from "../../../src/commands/hotplug/poll.ts";
import type { EniEvent } from "../../../src/eni/propagation/eni-progress.ts";
import { openSession } from "../../../src/imds/session.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { imdsInMemory } from "../imds/imds-in-memory.ts";

interface WatchPlan {
  readonly scenario: Scenario;
  readonly macs: readonly string[];
  readonly settleMs: number;
  readonly timeoutMs: number;
}

/** What a session does not limit here: only its own deadline ends it. */
const unlimited = { tryMs: 600_000, connectMs: 600_000, retries: Infinity } as const;
const choice = { endpoints: ["http://imds"], nic: null, paths: "any", dhcp: false } as const;

/** Runs a watch to its end with a whole session: with tokens, retries and the limit of requests. */
export async function watchThroughSession({ scenario, macs, settleMs, timeoutMs }: WatchPlan) {
  const { host, requests, maxInFlight } = imdsInMemory(scenario);
  const session = openSession(host, { ...choice, ...unlimited, timeoutMs });
  const events: { atMs: number; event: EniEvent }[] = [];
  const wanted = new Set(macs);
  const options = {
    macs: async () => [...wanted],
    nameOf: () => null,
    settleMs,
    kernel: () => null,
    occupiedSlots: () => [],
  };
  for await (const batch of watchEnis(host, session, options)) {
    for (const { kind, mac } of batch) if (kind === "settled") wanted.delete(mac);
    events.push(...batch.map((event) => ({ atMs: host.clock.now(), event })));
  }
  await session.close();
  return { events, requests, maxInFlight: maxInFlight() };
}
