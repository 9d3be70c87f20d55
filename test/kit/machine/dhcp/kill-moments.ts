import { expect } from "bun:test";
import { createRandom } from "../../basics/random.ts";
import { until } from "../../basics/until.ts";
import type { DhcpMachine } from "./dhcp-machine.ts";

/** Milliseconds, from before a run's first command to after its last one; the same for a seed. */
export function killMoments(seed: number, count: number): readonly number[] {
  const { fraction } = createRandom(seed);
  return Array.from({ length: count }, () => Math.round(20 + fraction() * 250));
}

/** A client that loses its parent needs a moment to end. */
export async function expectMachineUnchanged(dhcp: DhcpMachine, when: string): Promise<void> {
  await until(when, async () => (await dhcp.changes()).length === 0, 3000).catch(() => undefined);
  expect(await dhcp.changes(), when).toEqual([]);
}
