import type {
  EniObservations,
  LeafObservations,
  LeafValue,
} from "../../../src/eni/propagation/observations.ts";
import { toEni } from "../../../src/eni/schema.ts";
import { classifyEni } from "../../../src/eni/propagation/classify.ts";
import type { EniFacts } from "../../../src/eni/propagation/eni-facts.ts";
import { parseObservedEni } from "../../../src/eni/propagation/parse-observed.ts";
import type { Eni } from "../../../src/model/eni.ts";

export const mac = "06:aa:bb:cc:dd:02";
const primaryMac = "06:aa:bb:cc:dd:01";
export const settleMs = 10_000;
export const idleLink = { dhcp: [], hasRouter: false, hasCarrier: true };

const completeLeaves = {
  "device-number": "1",
  "interface-id": "eni-02",
  "local-ipv4s": ["10.0.1.20"],
  "subnet-ipv4-cidr-block": "10.0.1.0/24",
};
export const ipv6 = { ipv6s: ["2001:db8:1::9"], "subnet-ipv6-cidr-blocks": ["2001:db8:1::/64"] };

type Change = Partial<LeafObservations> | LeafValue | undefined;

/** The observed leaves: a record changes the observation of a leaf, undefined removes the leaf. */
function leaves(
  changes: Readonly<Record<string, Change>>,
  answeredMs: number,
): EniObservations["leaves"] {
  const entries = Object.entries<Change>({ ...completeLeaves, ...changes }).flatMap(
    ([name, change]) => {
      if (change === undefined) return [];
      const answered = { isListed: true, isAsked: true, answeredMs };
      const known = { value: "", ...answered, retractedSinceMs: null };
      const isValue = typeof change === "string" || Array.isArray(change);
      return [[name, { ...known, ...(isValue ? { value: change } : change) }] as const];
    },
  );
  return Object.fromEntries(entries) as EniObservations["leaves"];
}

export interface EniFactChanges {
  readonly leaves?: Readonly<Record<string, Change>>;
  readonly memory?: Partial<EniObservations>;
  readonly facts?: Partial<EniFacts>;
  /** How long the values have not changed, in milliseconds. */
  readonly quietMs?: number;
  readonly settleMs?: number;
}

function eniFacts(given: EniFactChanges): EniFacts {
  const readMs = 1000 + (given.quietMs ?? 0);
  const observed: EniObservations = {
    mac,
    listedMs: 0,
    folder: "there",
    changedMs: 1000,
    folderReadMs: readMs,
    leaves: leaves(given.leaves ?? {}, readMs),
    ...given.memory,
  };
  const times = {
    nowMs: observed.folderReadMs,
    settleMs: given.settleMs ?? settleMs,
    confirmAbsenceMs: given.settleMs || settleMs,
  };
  const unseen = { otherEnis: [], occupiedSlots: [], lastUsable: null, kernel: null };
  const primary = { primaryMac, primaryHasCard: false, primaryDevice: 0 };
  return { observed, ...primary, ...unseen, times, ...given.facts };
}

/** The verdict as text: `usable 10.0.1.20; MISSING`, `not-yet: REASON [NEXT REQUEST]`. */
export function describeVerdict(given: EniFactChanges): string {
  const verdict = classifyEni(eniFacts(given));
  if ("reason" in verdict) {
    const { awaits } = verdict;
    const next = typeof awaits === "string" ? awaits : awaits.leaf;
    return `${verdict.state}: ${verdict.reason} [${next}]`;
  }
  const { ipv4, ipv6: six } = verdict.eni;
  const addresses = [...ipv4.addresses, ...six.addresses, ...six.prefixes].join(" ");
  const { missing, hints } = verdict.state === "usable" ? verdict : { missing: [], hints: [] };
  const problems = verdict.problems.map((problem) => `problem: ${problem}`);
  const hintTexts = hints.map((hint) => `(${hint})`);
  return [`${verdict.state} ${addresses}`, ...missing, ...hintTexts, ...problems].join("; ");
}

export const emptyList: readonly string[] = [];
export const notThere = { value: null };
export const noAddress = { "local-ipv4s": undefined, "subnet-ipv4-cidr-block": undefined };
export const lastUsable: Eni = eniOfWhole();

function eniOfWhole(): Eni {
  const listed = parseObservedEni({ observed: { ...eniFacts({}).observed }, primaryMac });
  if ("reason" in listed) throw new Error(listed.reason);
  return toEni(listed);
}

export const otherEni = (folder: Readonly<Record<string, Change>>): EniFacts["otherEnis"] => {
  const observed = { ...eniFacts({ leaves: folder }).observed, mac: "06:aa:bb:cc:dd:03" };
  const listed = parseObservedEni({ observed, primaryMac });
  return "folder" in listed ? [listed] : [];
};
