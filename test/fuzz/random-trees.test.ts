import { expect, test } from "bun:test";
import { parseEnis } from "../../src/eni/parse-enis.ts";
import type { Eni } from "../../src/model/eni.ts";
import type { MetadataTree } from "../../src/model/metadata.ts";
import type { ConfigFile, ExistingFile } from "../../src/model/plan.ts";
import { type NetworkFacts, planNetwork } from "../../src/plan/files/plan-network.ts";
import { choiceOf } from "../kit/facts/choices.ts";
import { type ReadNic, readRendering, type ReadRule } from "../kit/files/read-rendering.ts";
import { waitInMemory } from "../kit/propagation/wait-in-memory.ts";
import { watchInMemory } from "../kit/propagation/watch-in-memory.ts";
import {
  type RandomEni,
  type RandomInstance,
  randomInstance,
} from "../kit/random-trees/random-instance.ts";

const count = process.env["TREES"] === "all" ? 1000 : Number(process.env["TREES"] ?? 60);
const first = Number(process.env["SEED"] ?? 1);
const groupSize = 20;

/** The three backends, and netplan with each of its renderers. */
const choices = {
  networkd: choiceOf("networkd"),
  netplan: choiceOf("netplan"),
  "network-manager": choiceOf("network-manager"),
  "netplan with NetworkManager": choiceOf("netplan", "NetworkManager"),
} as const;

for (let start = first; start < first + count; start += groupSize) {
  const end = Math.min(start + groupSize, first + count);
  test(`random instances ${start} to ${end - 1}: all backends get the same network`, async () => {
    for (let seed = start; seed < end; seed += 1) {
      await checkInstance(randomInstance(seed)).catch((cause: unknown) => {
        throw new Error(`SEED=${seed} TREES=1 repeats this`, { cause });
      });
    }
  });
}

test("random instances have everything that EC2 has", () => {
  const instances = Array.from({ length: 300 }, (_, seed) => randomInstance(seed + 1));
  const enis = instances.flatMap((each) => each.enis);
  const folders = instances.map(({ metadata }) => JSON.stringify(metadata));
  const counts = {
    types: new Set(instances.map(({ type }) => type.name)).size,
    hyperPods: enis.filter(({ isPrimary, device }) => isPrimary && device === 1).length,
    deviceZero: enis.filter(({ isPrimary, card, device }) => !isPrimary && card + device === 0)
      .length,
    full: instances.filter((each) => each.enis.length > 14).length,
    manyAddresses: enis.filter(({ ipv4 }) => ipv4.length > 25).length,
    efaOnly: enis.filter(({ ipv4, ipv6 }) => ipv4.length + ipv6.length === 0).length,
    ipv6Only: enis.filter(({ ipv4, ipv6 }) => ipv4.length === 0 && ipv6.length > 0).length,
    dualStack: enis.filter(({ ipv4, ipv6 }) => ipv4.length > 0 && ipv6.length > 0).length,
    prefixes: enis.filter((each) => each.ipv4Prefixes.length + each.ipv6Prefixes.length > 1).length,
    emptyLeaves: folders.filter((text) => text.includes('"ipv6s":""')).length,
    uncompressed: folders.filter((text) => text.includes(":0:0:0:0/64")).length,
  };
  for (const [what, number] of Object.entries(counts)) expect(number, what).toBeGreaterThan(5);
});

async function checkInstance({ enis, metadata, links }: RandomInstance): Promise<void> {
  const presentMacs = enis.map(({ mac }) => mac);
  const { parsed } = await waitInMemory({ content: { metaData: metadata } }, { presentMacs });
  expect(parsed).toMatchObject({ incomplete: [], detachedEnis: [], problems: [], missing: null });
  expect(parsed).toEqual(parseEnis(metadata, { isSettled: true }));
  await checkHotplug(metadata, parsed.enis.at(-1));
  const facts: NetworkFacts = { ...parsed, links, state: { files: [], unmanaged: null } };
  const read = Object.entries(choices).map(([name, choice]) => {
    const { write } = planNetwork(facts, choice);
    const again = planNetwork({ ...facts, state: stateOf(write) }, choice);
    expect({ name, write: again.write, remove: again.remove }).toEqual({
      name,
      write: [],
      remove: [],
    });
    return readRendering(write);
  });
  const configured = enis.filter(({ ipv4, ipv6 }) => ipv4.length + ipv6.length > 0);
  const macs = configured.map(({ mac }) => mac).toSorted();
  expect(read.map((nics) => [...nics.keys()].toSorted())).toEqual(read.map(() => macs));
  for (const eni of configured) checkNic(eni, read);
  for (const nics of read) checkNumbers(configured, nics);
}

/** `hotplug add` settles with the same ENI, also if leaves stay empty. */
async function checkHotplug(metadata: MetadataTree, eni: Eni | undefined): Promise<void> {
  const macs = eni === undefined ? [] : [eni.mac];
  const { events } = await watchInMemory({ scenario: { content: { metaData: metadata } }, macs });
  expect(events.at(-1)?.event).toMatchObject({ kind: "settled", eni, problems: [] });
}

function stateOf(files: readonly ConfigFile[]): NetworkFacts["state"] {
  const existing = files.map(({ path, content, mode }): ExistingFile => ({ path, content, mode }));
  return { files: existing.toSorted((a, b) => (a.path < b.path ? -1 : 1)), unmanaged: null };
}

/** One NIC is what EC2 gave its ENI, in every rendering. */
function checkNic(eni: RandomEni, read: readonly ReadonlyMap<string, ReadNic>[]): void {
  const nics = read.map((each) => each.get(eni.mac));
  const [networkd, netplan, networkManager, netplanWithManager] = nics;
  const metric = `${64 + indexOf(eni)}`;
  const leased = [eni.ipv4, eni.ipv6].map(([address = ""]) => hostCidr(address));
  const secondary = [...eni.ipv4.slice(1), ...eni.ipv6.slice(1)].map(hostCidr).toSorted();
  for (const nic of nics) {
    expect(nic?.metrics).toEqual([metric]);
    // DHCP gives the first address, and NetworkManager has that of IPv6 in its profile too
    expect(nic?.addresses.filter((each) => !leased.includes(each))).toEqual(secondary);
    expect(nic?.rules.filter(isOwn).map(tableBySource).toSorted()).toEqual([
      ...expectedTables(eni),
    ]);
    expect(nic?.families).toEqual(networkd?.families);
    if (eni.ipv4.length > 0) expect(nic?.families).toContain("dhcp4");
    expect(nic?.families.includes("dhcp6")).toBe(eni.ipv6.length > 0);
  }
  // one means for networkd, another one for NetworkManager: docs/decisions/packet-table.md
  expect([netplan?.rules, netplan?.routes]).toEqual([networkd?.rules, networkd?.routes]);
  expect([netplanWithManager?.rules, netplanWithManager?.routes]).toEqual([
    networkManager?.rules,
    networkManager?.routes,
  ]);
}

function isOwn({ table, suppressed }: ReadRule): boolean {
  return table !== 254 && suppressed.length === 0;
}

function tableBySource({ from, table }: ReadRule): string {
  return `${from} table ${table}`;
}

function expectedTables(eni: RandomEni): readonly string[] {
  const { ipv4, ipv6, ipv4Prefixes, ipv6Prefixes } = eni;
  const sources = [...[...ipv4, ...ipv6].map(hostCidr), ...ipv4Prefixes, ...ipv6Prefixes];
  return sources.map((from) => `${from} table ${10_000 + indexOf(eni)}`).toSorted();
}

/** 0 for the primary, and 31 for another ENI with slot 0/0 (HyperPod, VPC CNI #3753). */
function indexOf({ isPrimary, card, device }: RandomEni): number {
  return isPrimary ? 0 : 100 * card + device || 31;
}

function hostCidr(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}

/** The numbers of all NICs of one rendering: tables and priorities of two NICs never collide. */
function checkNumbers(enis: readonly RandomEni[], nics: ReadonlyMap<string, ReadNic>): void {
  const numbers = enis.map(({ mac }) => {
    const rules = nics.get(mac)?.rules ?? [];
    const bySource = Map.groupBy(rules, ({ from }) => from);
    for (const each of bySource.values()) expect(each.length).toBeLessThanOrEqual(3);
    return {
      priorities: new Set(rules.map(({ priority }) => priority)),
      metrics: nics.get(mac)?.metrics,
    };
  });
  const priorities = numbers.flatMap((each) => [...each.priorities]);
  expect(new Set(priorities).size).toBe(priorities.length);
  expect(Math.min(...priorities)).toBeGreaterThan(1536);
  expect(Math.max(...priorities)).toBeLessThan(5200);
  const metrics = numbers.flatMap((each) => (each.metrics ?? []).map(Number));
  expect(new Set(metrics).size).toBe(enis.length);
  const lowest = enis[metrics.indexOf(Math.min(...metrics))];
  expect(lowest?.isPrimary).toBe(enis.some(({ isPrimary }) => isPrimary));
}
