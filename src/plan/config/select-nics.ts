import { hasAddresses, type IncompleteEni } from "../../model/eni.ts";
import type { Link } from "../../model/link.ts";
import type { NicResult } from "../../model/network-plan.ts";
import type { Nic } from "../../model/nic.ts";
import { unmanagedPath } from "../../model/own-files.ts";
import type { NicMatch } from "./match-nics.ts";
import { type Unmanaged, unmanagedEntry } from "./unmanaged.ts";

export interface Selection {
  readonly chosen: readonly Nic[];
  /** The others, with why; nothing of theirs is touched. */
  readonly left: readonly NicResult[];
}

/** Which NICs are configured, and which are left alone: by the admin, by EFA, or not yet known. */
export function selectNics(
  match: NicMatch,
  incomplete: readonly IncompleteEni[],
  unmanaged: Unmanaged,
): Selection {
  const judged = match.nics.map((nic) => ({ nic, reason: whyLeft(nic, unmanaged) }));
  const skipped = judged.flatMap(({ nic, reason }) => (reason === null ? [] : [skip(nic, reason)]));
  const awaited = incomplete.map((eni) => awaitedNic(eni, match.strangers, unmanaged));
  const known = new Set(incomplete.map(({ mac }) => mac));
  const strangers = match.strangers.filter(({ mac }) => mac !== null && !known.has(mac));
  return {
    chosen: judged.flatMap(({ nic, reason }) => (reason === null ? [nic] : [])),
    left: [...skipped, ...awaited, ...strangers.map(stranger)],
  };
}

function whyLeft(nic: Nic, unmanaged: Unmanaged): string | null {
  const entry = unmanagedEntry(unmanaged, nic);
  if (entry !== null) return `${unmanagedPath} lists ${entry}`;
  return hasAddresses(nic.eni) ? null : "no IP addresses (EFA-only)";
}

function skip({ eni, link }: Nic, reason: string): NicResult {
  return { mac: eni.mac, name: link?.name ?? null, eni: eni.id, outcome: "skipped", reason };
}

/** One that is left alone anyway is nothing to wait for. */
function awaitedNic(
  { mac, reason }: IncompleteEni,
  links: readonly Link[],
  { entries }: Unmanaged,
): NicResult {
  const name = links.find((link) => link.mac === mac)?.name ?? null;
  const entry = [mac, name].find((word) => word !== null && entries.has(word));
  if (entry !== undefined) {
    return { mac, name, eni: null, outcome: "skipped", reason: `${unmanagedPath} lists ${entry}` };
  }
  return { mac, name, eni: null, outcome: "incomplete", reason };
}

function stranger({ mac, name }: Link): NicResult {
  const reason = "IMDS does not list this MAC";
  return { mac: mac ?? "", name, eni: null, outcome: "skipped", reason };
}
