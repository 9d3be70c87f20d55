import { expect } from "bun:test";
import { createRandom } from "../../basics/random.ts";
import { until } from "../../basics/until.ts";
import type { DhcpMachine } from "./dhcp-machine.ts";

/** Random times in milliseconds, from before the first command of a run to after its last one. */
export function killMoments(seed: number, count: number): readonly number[] {
  const { fraction } = createRandom(seed);
  return Array.from({ length: count }, () => Math.round(20 + fraction() * 250));
}

/** Expects that a machine has its first state; a DHCP client needs time to end after its parent. */
export async function expectMachineUnchanged(dhcp: DhcpMachine, when: string): Promise<void> {
  await until(when, async () => (await dhcp.changes()).length === 0).catch(() => undefined);
  expect(await dhcp.changes(), when).toEqual([]);
}
