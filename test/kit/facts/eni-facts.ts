import type {
  EniObservations,
  LeafObservations,
  LeafValue,
} from "../../../src/eni/propagation/memory.ts";
import { toEni } from "../../../src/eni/schema.ts";
import {
  type EniFacts,
  classifyEni,
  parseObservedEni,
} from "../../../src/eni/propagation/judge.ts";
import type { Eni } from "../../../src/model/eni.ts";

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

type Change = Partial<LeafObservations> | LeafValue | undefined;

/** A folder of values; a record changes what is remembered of a leaf, undefined takes it away. */
function leaves(changes: Readonly<Record<string, Change>>): EniObservations["leaves"] {
  const entries = Object.entries<Change>({ ...whole, ...changes }).flatMap(([name, change]) => {
    if (change === undefined) return [];
    const known = { value: "", isListed: true, isAsked: true, retractedSinceMs: null };
    const isValue = typeof change === "string" || Array.isArray(change);
    return [[name, { ...known, ...(isValue ? { value: change } : change) }] as const];
  });
  return Object.fromEntries(entries) as EniObservations["leaves"];
}

export interface Given {
  readonly leaves?: Readonly<Record<string, Change>>;
  readonly memory?: Partial<EniObservations>;
  readonly sight?: Partial<EniFacts>;
  /** How long nothing has changed, by what was read. */
  readonly quietMs?: number;
  readonly settleMs?: number;
}

function sightOf(given: Given): EniFacts {
  const observed: EniObservations = {
    mac,
    listedMs: 0,
    folder: "there",
    changedMs: 1000,
    folderReadMs: 1000 + (given.quietMs ?? 0),
    leaves: leaves(given.leaves ?? {}),
    ...given.memory,
  };
  const times = {
    nowMs: observed.folderReadMs,
    settleMs: given.settleMs ?? settleMs,
    confirmAbsenceMs: given.settleMs || settleMs,
  };
  const unseen = { otherEnis: [], occupiedSlots: [], lastUsable: null, kernel: null };
  return { observed, primaryMac, primaryHasCard: false, ...unseen, times, ...given.sight };
}

/** `usable 10.0.1.20; what is missing`, `not-yet: why [what is asked next]` */
export function said(given: Given): string {
  const verdict = classifyEni(sightOf(given));
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
  const listed = parseObservedEni({ observed: { ...sightOf({}).observed }, primaryMac });
  if ("reason" in listed) throw new Error(listed.reason);
  return toEni(listed);
}

export const neighbour = (folder: Readonly<Record<string, Change>>): EniFacts["otherEnis"] => {
  const observed = { ...sightOf({ leaves: folder }).observed, mac: "06:aa:bb:cc:dd:03" };
  const listed = parseObservedEni({ observed, primaryMac });
  return "folder" in listed ? [listed] : [];
};
