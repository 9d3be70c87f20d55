import { hasAddresses, type IncompleteEni, type Nic } from "../../model/eni.ts";
import type { Link } from "../../model/link.ts";
import type { NicResult } from "../../model/plan.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import type { NicMatch } from "./match-nics.ts";
import { parseMac } from "../../model/ip.ts";

interface Selection {
  readonly selected: readonly Nic[];
  /** The other NICs, with the reason; nothing is changed for them. */
  readonly leftAlone: readonly NicResult[];
}

/**
 * Selects the NICs to configure. A NIC is left alone if the admin lists it, if the daemon in charge
 * is told to leave it alone, if it is EFA-only, if its metadata is incomplete, or if IMDS does not
 * list it.
 */
export function selectNics(
  match: NicMatch,
  incomplete: readonly IncompleteEni[],
  unmanaged: Unmanaged,
): Selection {
  const classified = match.nics.map((nic) => ({ nic, reason: leftAloneReason(nic, unmanaged) }));
  const skipped = classified.flatMap(({ nic, reason }) =>
    reason === null ? [] : [skippedNic(nic, reason)],
  );
  const incompleteNics = incomplete.map((eni) => incompleteNic(eni, match.unlisted, unmanaged));
  const incompleteMacs = new Set(incomplete.map(({ mac }) => mac));
  const unlisted = match.unlisted.filter(({ mac }) => mac !== null && !incompleteMacs.has(mac));
  return {
    selected: classified.flatMap(({ nic, reason }) => (reason === null ? [nic] : [])),
    leftAlone: [...skipped, ...incompleteNics, ...unlisted.map(unlistedNic)],
  };
}

function leftAloneReason(nic: Nic, unmanaged: Unmanaged): string | null {
  const entry = findUnmanagedEntry(unmanaged.entries, [nic.eni.mac, nic.eni.id, nic.link?.name]);
  if (entry !== null) return `${unmanagedPath} lists ${entry}`;
  if (!hasAddresses(nic.eni)) return "no IP addresses (EFA-only)";
  return unmanaged.byDaemon?.[nic.eni.mac] ?? null;
}

function skippedNic({ eni, link }: Nic, reason: string): NicResult {
  return { mac: eni.mac, name: link?.name ?? null, eni: eni.id, outcome: "skipped", reason };
}

/** An incomplete ENI that the admin lists is skipped, so that no run waits for its metadata. */
function incompleteNic(
  { mac, reason, isFinal }: IncompleteEni,
  links: readonly Link[],
  { entries }: Unmanaged,
): NicResult {
  const name = links.find((link) => link.mac === mac)?.name ?? null;
  const entry = findUnmanagedEntry(entries, [mac, name]);
  const nic = { mac, name, eni: null };
  const final = isFinal === true ? { isFinal } : {};
  if (entry === null) return { ...nic, outcome: "incomplete", reason, ...final };
  return { ...nic, outcome: "skipped", reason: `${unmanagedPath} lists ${entry}` };
}

function unlistedNic({ mac, name }: Link): NicResult {
  const reason = "IMDS does not list this MAC";
  return { mac: mac ?? "", name, eni: null, outcome: "skipped", reason };
}

/** The NICs that the admin lists in `/etc/ec2nic/unmanaged`. */
interface Unmanaged extends ParsedUnmanaged {
  /** Why the daemon in charge leaves a NIC alone, by MAC. */
  readonly byDaemon?: Readonly<Record<string, string>>;
}

interface ParsedUnmanaged {
  /** Canonical MACs, link names and ENI ids. */
  readonly entries: ReadonlySet<string>;
  /** One message for each invalid line. */
  readonly reasons: readonly string[];
}

/**
 * Parses the list: one MAC, link name or ENI id per line; `#` begins a comment. An invalid line is
 * reported but not fatal, because the other NICs must be configured despite a typing error.
 */
export function parseUnmanaged(text: string | null): ParsedUnmanaged {
  const lines = (text ?? "").split("\n").map((line, index) => {
    const word = line.replace(/#.*/, "").trim();
    return { word, entry: parseUnmanagedEntry(word), number: index + 1 };
  });
  const problem = "is neither a MAC, nor a link's name, nor an ENI id, so it is ignored";
  return {
    entries: new Set(lines.flatMap(({ entry }) => entry ?? [])),
    reasons: lines
      .filter(({ word, entry }) => word !== "" && entry === null)
      .map(({ word, number }) => `${unmanagedPath}:${number}: ${JSON.stringify(word)} ${problem}`),
  };
}

/** The first of a NIC's names (MAC, ENI id, link's name) that the admin lists; null if none. */
export function findUnmanagedEntry(
  entries: Unmanaged["entries"],
  names: readonly (string | null | undefined)[],
): string | null {
  return names.find((name) => name && entries.has(name)) ?? null;
}

/** Accepts link names that the kernel accepts (dev_valid_name); wildcards are not supported. */
function parseUnmanagedEntry(word: string): string | null {
  const isName = /^[^\s/:*?[\]]{1,15}$/.test(word) && word !== "." && word !== "..";
  return parseMac(word) ?? (isName || /^eni-[0-9a-z]+$/.test(word) ? word : null);
}
