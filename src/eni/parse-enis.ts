import * as v from "valibot";
import { compareEnis, type Eni, type IncompleteEni } from "../model/eni.ts";
import { parseMac } from "../model/ip.ts";
import type { MetadataTree } from "../model/metadata.ts";
import {
  invalidLeafFailure,
  toEni,
  foldersSchema,
  type ListedEni,
  macsPath,
  parseEniFolder,
} from "./schema.ts";
import { checkComplete, dropDetached } from "./completeness.ts";
import { type ConfiguredSlot, settleEni } from "./settled.ts";

export interface ParsedEnis {
  /** The complete ENIs, in the order of `compareEnis`. */
  readonly enis: readonly Eni[];
  /** The ENIs that are listed, but cannot be configured without a guess. Sorted by MAC. */
  readonly incomplete: readonly IncompleteEni[];
  /** MACs that are still listed although another NIC, which is present, has their slot. */
  readonly detachedEnis: readonly string[];
  /** What is missing, so that no attached ENI can be known; null if nothing is missing. */
  readonly missing: string | null;
  /** What contradicts what, and names that are ignored. The rest is configured all the same. */
  readonly problems: readonly string[];
}

export interface ParseOptions {
  /** The MACs of the machine's NICs; empty if not known. */
  readonly presentMacs?: ReadonlySet<string>;
  /**
   * The metadata has not changed for some time, or is saved and cannot change. Then what is
   * missing stays missing, and what can be configured without it is complete.
   */
  readonly isSettled?: boolean;
  /** The slots of the NICs that are configured already. */
  readonly occupied?: readonly ConfiguredSlot[];
}

const macsFolder = macsPath.join("/");

/**
 * Parses the ENIs of a metadata tree; each is either complete, or `incomplete` with the reason. An
 * invalid leaf makes only its ENI incomplete. `tree`: everything below `meta-data/`. Throws
 * `DATAERR` if `mac`, or a folder that contains the ENIs' folders, is invalid.
 */
export function parseEnis(tree: MetadataTree, options: ParseOptions = {}): ParsedEnis {
  const { presentMacs = new Set(), isSettled = false } = options;
  const { mac: primaryMac, network } = parseFolders(tree);
  const macs = network?.interfaces?.macs ?? {};
  const { all, invalid, ignored } = parseMacs(macs, primaryMac);
  const listed = dropDetached(all, presentMacs);
  const classified = listed.map((eni) => {
    if (primaryMac === undefined) return toIncomplete(eni, noPrimaryReason, false);
    return isSettled ? classifySettled(eni, listed, options) : classify(eni, listed);
  });
  const isListed = [...listed, ...invalid].some((eni) => eni.isPrimary);
  const unlisted = primaryMac === undefined || isListed ? [] : [primaryMac];
  const incomplete = [
    ...unlisted.map((mac) => toIncomplete({ mac, isPrimary: true }, unlistedReason, isSettled)),
    ...invalid,
    ...classified.filter((each) => "reason" in each),
  ];
  const complete = classified.filter((each) => "eni" in each);
  return {
    enis: complete.map(({ eni }) => eni).toSorted(compareEnis),
    incomplete: incomplete.toSorted((a, b) => (a.mac < b.mac ? -1 : 1)),
    detachedEnis: all.filter((eni) => !listed.includes(eni)).map(({ mac }) => mac),
    missing: findMissing(primaryMac, macs),
    problems: [...ignored, ...complete.flatMap(({ problems }) => problems)],
  };
}

/** An instance always has an ENI, so an empty list of MACs has not propagated yet. */
function findMissing(primaryMac: string | undefined, macs: object): string | null {
  if (primaryMac === undefined) return "meta-data/mac is missing";
  return Object.keys(macs).length === 0 ? `${macsFolder}/ is empty` : null;
}

/** Rules and routes depend on which ENI is the primary, so without it nothing can be planned. */
const noPrimaryReason = "meta-data/mac is still missing, so the primary ENI is not known";
const unlistedReason = "IMDS does not list the primary's MAC yet";

interface CompleteEni {
  readonly eni: Eni;
  readonly problems: readonly string[];
}

function classify(eni: ListedEni, all: readonly ListedEni[]): CompleteEni | IncompleteEni {
  const incomplete = checkComplete(eni, all);
  if (incomplete !== null) return toIncomplete(eni, incomplete.reason, false);
  return { eni: toEni(eni), problems: [] };
}

function classifySettled(
  eni: ListedEni,
  all: readonly ListedEni[],
  { occupied }: ParseOptions,
): CompleteEni | IncompleteEni {
  const settled = settleEni(eni, all, occupied);
  if ("reason" in settled) return toIncomplete(eni, settled.reason, true);
  const problems = settled.problems.map((problem) => `${eni.mac}: ${problem}`);
  return { eni: toEni(settled.eni), problems };
}

function toIncomplete(
  { mac, isPrimary }: Pick<ListedEni, "mac" | "isPrimary">,
  reason: string,
  isFinal: boolean,
): IncompleteEni {
  return { mac, isPrimary, reason, ...(isFinal ? { isFinal } : {}) };
}

/** The folders of `macs/`. One bad name or leaf costs no other ENI. Sorted by MAC. */
function parseMacs(macs: Readonly<Record<string, unknown>>, primaryMac: string | undefined) {
  const all: ListedEni[] = [];
  const invalid: IncompleteEni[] = [];
  const ignored: string[] = [];
  for (const [key, content] of Object.entries(macs)) {
    const mac = parseMac(key.trim());
    if (mac === null) {
      ignored.push(`${macsFolder}: ${JSON.stringify(key.slice(0, 60))} is not a MAC address`);
      continue;
    }
    const identity = { mac, isPrimary: mac === primaryMac };
    const parsed = parseEniFolder(content);
    if ("folder" in parsed) all.push({ ...identity, ...parsed });
    else invalid.push(toIncomplete(identity, describeIssue(mac, parsed.issue), false));
  }
  return { all: all.toSorted((a, b) => (a.mac < b.mac ? -1 : 1)), invalid, ignored };
}

function describeIssue(mac: string, issue: v.BaseIssue<unknown>): string {
  return invalidLeafFailure(`${macsFolder}/${mac}`, issue).message;
}

function parseFolders(tree: MetadataTree): v.InferOutput<typeof foldersSchema> {
  const result = v.safeParse(foldersSchema, tree);
  if (result.success) return result.output;
  throw invalidLeafFailure("meta-data", result.issues[0]);
}
