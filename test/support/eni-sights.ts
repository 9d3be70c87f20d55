import type { EniMemory, LeafMemory, LeafValue } from "../../src/eni/propagation/memory.ts";
import { eniOf } from "../../src/eni/schema.ts";
import { type EniSight, judgeEni, listedEni } from "../../src/eni/propagation/judge.ts";
import type { Eni } from "../../src/model/eni.ts";

export const mac = "06:aa:bb:cc:dd:02";
const primaryMac = "06:aa:bb:cc:dd:01";
export const settleMs = 10_000;
export const silent = { dhcp: [], hasRouter: false, hasCarrier: true };

const whole = {
  "device-number": "1",
  "interface-id": "eni-02",
  "local-ipv4s": ["10.0.1.20"],
  "subnet-ipv4-cidr-block": "10.0.1.0/24",
};
export const ipv6 = { ipv6s: ["2001:db8:1::9"], "subnet-ipv6-cidr-blocks": ["2001:db8:1::/64"] };

type Change = Partial<LeafMemory> | LeafValue | undefined;

/** A folder of values; a record changes what is remembered of a leaf, undefined takes it away. */
function leaves(changes: Readonly<Record<string, Change>>): EniMemory["leaves"] {
  const entries = Object.entries<Change>({ ...whole, ...changes }).flatMap(([name, change]) => {
    if (change === undefined) return [];
    const known = { value: "", isListed: true, isAsked: true, doubtMs: null };
    const isValue = typeof change === "string" || Array.isArray(change);
    return [[name, { ...known, ...(isValue ? { value: change } : change) }] as const];
  });
  return Object.fromEntries(entries) as EniMemory["leaves"];
}

export interface Given {
  readonly leaves?: Readonly<Record<string, Change>>;
  readonly memory?: Partial<EniMemory>;
  readonly sight?: Partial<EniSight>;
  /** How long nothing has changed, by what was read. */
  readonly quietMs?: number;
  readonly settleMs?: number;
}

function sightOf(given: Given): EniSight {
  const memory: EniMemory = {
    mac,
    listedMs: 0,
    folder: "there",
    changedMs: 1000,
    readMs: 1000 + (given.quietMs ?? 0),
    leaves: leaves(given.leaves ?? {}),
    ...given.memory,
  };
  const times = {
    nowMs: memory.readMs,
    settleMs: given.settleMs ?? settleMs,
    doubtForMs: given.settleMs || settleMs,
  };
  const unseen = { others: [], taken: [], whole: null, kernel: null };
  return { memory, primaryMac, primaryHasCard: false, ...unseen, times, ...given.sight };
}

/** `usable 10.0.1.20; what is missing`, `not-yet: why [what is asked next]` */
export function said(given: Given): string {
  const verdict = judgeEni(sightOf(given));
  if ("reason" in verdict) {
    const { awaits } = verdict;
    const next = typeof awaits === "string" ? awaits : awaits.leaf;
    return `${verdict.state}: ${verdict.reason} [${next}]`;
  }
  const { ipv4, ipv6: six } = verdict.eni;
  const addresses = [...ipv4.addresses, ...six.addresses, ...six.prefixes].join(" ");
  const { missing, hints } = verdict.state === "usable" ? verdict : { missing: [], hints: [] };
  const told = hints.map((hint) => `(${hint})`);
  return [`${verdict.state} ${addresses}`, ...missing, ...told].join("; ");
}

export const none: readonly string[] = [];
export const late = { value: null };
export const noAddress = { "local-ipv4s": undefined, "subnet-ipv4-cidr-block": undefined };
export const before: Eni = eniOfWhole();

function eniOfWhole(): Eni {
  const listed = listedEni({ memory: { ...sightOf({}).memory }, primaryMac });
  if ("reason" in listed) throw new Error(listed.reason);
  return eniOf(listed);
}

export const neighbour = (folder: Readonly<Record<string, Change>>): EniSight["others"] => {
  const memory = { ...sightOf({ leaves: folder }).memory, mac: "06:aa:bb:cc:dd:03" };
  const listed = listedEni({ memory, primaryMac });
  return "folder" in listed ? [listed] : [];
};
