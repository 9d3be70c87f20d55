import { expect } from "bun:test";
import { chance } from "../chance.ts";
import { until } from "../machine/until.ts";
import type { DhcpLab } from "./dhcp-lab.ts";

/** Milliseconds, from before a run's first command to after its last one; the same for a seed. */
export function chosenMoments(seed: number, count: number): readonly number[] {
  const { fraction } = chance(seed);
  return Array.from({ length: count }, () => Math.round(20 + fraction() * 250));
}

/** A client that loses its parent needs a moment to end. */
export async function expectUnchanged(lab: DhcpLab, when: string): Promise<void> {
  await until(when, async () => (await lab.changes()).length === 0, 3000).catch(() => undefined);
  expect(await lab.changes(), when).toEqual([]);
}
