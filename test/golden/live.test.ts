import { expect, test } from "bun:test";
import { parseEnis } from "../../src/eni/parse-enis.ts";
import { type Eni, numberedSlot } from "../../src/model/eni.ts";
import type { OccupiedSlot } from "../../src/model/link.ts";
import { type GoldenCase, goldenCases } from "../kit/files/golden-case.ts";
import { waitInMemory } from "../kit/propagation/wait-in-memory.ts";
import { type TimedEvent, watchInMemory } from "../kit/propagation/watch-in-memory.ts";

/*
 * The files follow from the parsed ENIs, the links and the files that are there, so equal ENIs mean
 * equal bytes. `cases.test.ts` compares the files that follow from saved metadata.
 */
for (const golden of await goldenCases()) {
  const scenario = { content: { metaData: golden.metadata } };
  const saved = parseEnis(golden.metadata, { isSettled: true });

  test(`${golden.name}: activate reads the same ENIs live as from a file`, async () => {
    const presentMacs = golden.links.flatMap(({ mac }) => mac ?? []);
    const live = await waitInMemory(scenario, { presentMacs });
    expect(live.parsed).toEqual(saved);
    const isComplete = parseEnis(golden.metadata).incomplete.length === 0;
    expect(live.endMs === 0).toBe(isComplete);
  });

  test(`${golden.name}: hotplug add settles with the same ENIs`, async () => {
    const macs = Object.keys(macsOf(golden));
    // an ENI that is usable is configured, so its file has its slot
    const occupiedSlots = (_: number, events: readonly TimedEvent[]): readonly OccupiedSlot[] =>
      events.flatMap(({ event: { mac, eni } }) =>
        eni === null ? [] : [{ mac, name: "ens6", ...numberedSlot(eni) }],
      );
    const run = await watchInMemory({ scenario, macs, deadlineMs: 120_000, occupiedSlots });
    const { events } = run;
    const last = macs.map((mac) => events.findLast(({ event }) => event.mac === mac)?.event);
    const settled = last.flatMap((event) => (event?.kind === "settled" ? [event.eni] : []));
    expect(settled.toSorted(byMac)).toEqual(saved.enis.toSorted(byMac));
    const left = last.flatMap((event) => (event?.kind === "incomplete" ? [event] : []));
    expect(left.map(({ mac, isFinal }) => [mac, isFinal])).toEqual(
      saved.incomplete.map(({ mac, isFinal }) => [mac, isFinal === true]),
    );
  });
}

function byMac(one: Eni, other: Eni): number {
  return one.mac < other.mac ? -1 : 1;
}

function macsOf({ metadata }: GoldenCase): Readonly<Record<string, object>> {
  const tree = metadata as unknown as { network: { interfaces: { macs: Record<string, object> } } };
  return tree.network.interfaces.macs;
}
