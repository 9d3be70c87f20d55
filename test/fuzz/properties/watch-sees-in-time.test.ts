import { expect, test } from "bun:test";
import fc from "fast-check";
import { eniLeafNames } from "../../../src/eni/schema.ts";
import { parseEnis } from "../../../src/eni/parse-enis.ts";
import type { Eni } from "../../../src/model/eni.ts";
import { leafValue } from "../../../src/model/metadata.ts";
import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import type { Late } from "../../../scripts/simulator/scenario/lateness.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { SimulatedInstance } from "../../../scripts/simulator/scenario/simulated-instance.ts";
import { seededRuns } from "../../kit/basics/seed.ts";
import { pluggedMac, watchInMemory } from "../../kit/propagation/watch-in-memory.ts";

const macsPath = ["meta-data", "network", "interfaces", "macs"];
const lastMs = 4000;
const stepMs = 20;
const firstUseMs = 250;

/** Wrong values that EC2 returns or could return: zero, an empty value, the first of several. */
const before: Readonly<Record<string, string>> = {
  "device-number": "0",
  "local-ipv4s": "10.0.1.10",
  ipv6s: "",
  "ipv4-prefix": "",
};

const arbitraryLate = (leaf: string): fc.Arbitrary<Late> => {
  const afterMs = fc.integer({ min: 0, max: lastMs });
  const wrong = before[leaf];
  const kinds: readonly fc.Arbitrary<Late>[] = [
    afterMs,
    afterMs.map((ms) => ({ afterMs: ms, listed: true })),
    ...(wrong === undefined ? [] : [afterMs.map((ms) => ({ afterMs: ms, before: wrong }))]),
  ];
  return fc.oneof(...kinds);
};

const late = fc.record(
  {
    ".": fc.integer({ min: 0, max: 2000 }),
    ...Object.fromEntries(eniLeafNames.map((leaf) => [leaf, arbitraryLate(leaf)])),
  },
  { requiredKeys: [] },
);

const spec: fc.Arbitrary<EniSpec> = fc
  .record({
    device: fc.integer({ min: 1, max: 5 }),
    dualStack: fc.boolean(),
    ipv4: fc.constantFrom(["10.0.1.10"], ["10.0.1.10", "10.0.1.11"]),
    ipv4Prefixes: fc.constantFrom([], ["10.0.1.32/28"]),
    late,
  })
  .map((each) => ({ ...each, mac: pluggedMac, subnetCidr: "10.0.1.0/24" }));

const scenario: fc.Arbitrary<Scenario> = fc.tuple(spec, fc.boolean()).map(([plugged, isMany]) => {
  const [primary, second] = isMany ? [{ card: 0 }, { card: 1 }] : [{}, {}];
  return {
    enis: [
      { device: 0, ...primary },
      { ...plugged, ...second },
    ],
  };
});

/** The ENI as an atomic read of all leaves would give it; null: not complete. */
function knownAt(instance: SimulatedInstance): Eni | null {
  const folder = (mac: string) => {
    const path = [...macsPath, mac];
    const names = text(instance, path)?.split("\n") ?? null;
    const known = names?.filter((name) => eniLeafNames.includes(name)) ?? [];
    const entries = known.map((name) => [name, text(instance, [...path, name])] as const);
    const isReadable = names !== null && entries.every(([, value]) => (value ?? "") !== "");
    if (!isReadable) return null;
    return Object.fromEntries(
      entries.map(([name, value]) => [name, leafValue([...path, name], value ?? "")]),
    );
  };
  const [primaryMac, plugged] = [text(instance, ["meta-data", "mac"]) ?? "", folder(pluggedMac)];
  const primary = folder(primaryMac);
  if (plugged === null || primary === null) return null;
  const macs = { [primaryMac]: primary, [pluggedMac]: plugged };
  const found = parseEnis({ mac: primaryMac, network: { interfaces: { macs } } });
  const eni = found.enis.find(({ mac }) => mac === pluggedMac) ?? null;
  return eni !== null && eni.ipv4.addresses.length + eni.ipv6.addresses.length > 0 ? eni : null;
}

function text(instance: SimulatedInstance, path: readonly string[]): string | null {
  const body = instance.metadata.read(path);
  return body === null ? null : new TextDecoder().decode(body);
}

/** When the ENI first stays complete for longer than a poll interval, and its final state. */
function expectedOf(scenario: Scenario): {
  readonly possibleMs: number;
  readonly last: Eni | null;
} {
  let nowMs = 0;
  const instance = new SimulatedInstance(scenario, () => nowMs);
  let sinceMs: number | null = null;
  let possibleMs = Infinity;
  for (; nowMs <= lastMs + firstUseMs + 2 * stepMs; nowMs += stepMs) {
    sinceMs = knownAt(instance) === null ? null : (sinceMs ?? nowMs);
    if (sinceMs !== null && nowMs - sinceMs > firstUseMs + stepMs)
      possibleMs = Math.min(possibleMs, sinceMs);
  }
  return { possibleMs, last: knownAt(instance) };
}

test("with late and wrong keys, the watch reports the ENI in time, correctly, and with few requests", async () => {
  const property = fc.asyncProperty(scenario, async (each) => {
    const { possibleMs, last } = expectedOf(each);
    const { events, requests } = await watchInMemory({ scenario: each });
    expect(events[0]?.event.kind).toBe("usable");
    expect((events[0]?.atMs ?? Infinity) - possibleMs).toBeLessThanOrEqual(firstUseMs);
    expect(events.at(-1)?.event).toMatchObject({ kind: "settled", eni: last });
    const endMs = requests.at(-1)?.atMs ?? 0;
    expect(requests.length).toBeLessThanOrEqual(60 + (endMs / 1000) * 5);
  });
  await fc.assert(property, seededRuns(100));
});
