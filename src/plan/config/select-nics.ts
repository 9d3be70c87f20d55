import { hasAddresses, type IncompleteEni, type Nic } from "../../model/eni.ts";
import type { Link } from "../../model/link.ts";
import type { NicResult } from "../../model/plan.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import type { NicMatch } from "./match-nics.ts";
import { parseMac } from "../../model/ip.ts";

interface Selection {
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

/** What the admin wants left alone, from `/etc/ec2nic/unmanaged`. */
interface Unmanaged {
  /** Canonical MACs, names of links and ENI ids, as they were listed. */
  readonly entries: ReadonlySet<string>;
  /** Lines that are none of these. */
  readonly reasons: readonly string[];
}

/**
 * Parses the list: a MAC, a link's name or an ENI id a line; `#` begins a comment. A line that is
 * none of these is told, not fatal: a typo must not keep the other NICs down.
 */
export function parseUnmanaged(text: string | null): Unmanaged {
  const lines = (text ?? "").split("\n").map((line, at) => {
    const word = line.replace(/#.*/, "").trim();
    return { word, entry: entryOf(word), number: at + 1 };
  });
  return {
    entries: new Set(lines.flatMap(({ entry }) => entry ?? [])),
    reasons: lines
      .filter(({ word, entry }) => word !== "" && entry === null)
      .map(({ word, number }) => {
        const what = "is neither a MAC, nor a link's name, nor an ENI id: ignored";
        return `${unmanagedPath}:${number}: ${JSON.stringify(word)} ${what}`;
      }),
  };
}

/** The entry that lists this NIC; null where none does. */
export function unmanagedEntry({ entries }: Unmanaged, { eni, link }: Nic): string | null {
  return (
    [eni.mac, eni.id, link?.name].find((word) => word !== undefined && entries.has(word)) ?? null
  );
}

/** Link names as the kernel takes them (dev_valid_name), without wildcards, which mean nothing here. */
function entryOf(word: string): string | null {
  const isName = /^[^\s/:*?[\]]{1,15}$/.test(word) && word !== "." && word !== "..";
  return parseMac(word) ?? (isName || /^eni-[0-9a-z]+$/.test(word) ? word : null);
}
