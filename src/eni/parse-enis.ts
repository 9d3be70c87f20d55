import * as v from "valibot";
import { compareEnis, type Eni, type IncompleteEni } from "../model/eni.ts";
import type { MetadataTree } from "../model/metadata.ts";
import {
  invalidLeafFailure,
  toEni,
  eniSchema,
  foldersSchema,
  type ListedEni,
  macSchema,
  macsPath,
} from "./schema.ts";
import { checkComplete, dropDetached } from "./completeness.ts";

export interface ParsedEnis {
  /** The complete ENIs, sorted by network card, device number and MAC. */
  readonly enis: readonly Eni[];
  /** The ENIs that are listed, but cannot be configured without a guess. Sorted by MAC. */
  readonly incomplete: readonly IncompleteEni[];
  /** MACs that are still listed although another NIC, which is present, has their slot. */
  readonly detachedEnis: readonly string[];
  /** What is missing, so that no attached ENI can be known; null if nothing is missing. */
  readonly missing: string | null;
}

const macsFolder = macsPath.join("/");

/**
 * Parses the ENIs of a metadata tree; each is either complete, or `incomplete` with the reason.
 * `tree`: everything below `meta-data/`. `presentMacs`: the MACs of the machine's NICs; empty if
 * not known. Throws `DATAERR`, which names the leaf, if a value is invalid.
 */
export function parseEnis(
  tree: MetadataTree,
  presentMacs: ReadonlySet<string> = new Set(),
): ParsedEnis {
  const { mac: primaryMac, network } = parseWith(foldersSchema, tree, "meta-data");
  const all = Object.entries(network?.interfaces?.macs ?? {})
    .map(([key, folder]) => parseFolder(key, folder, primaryMac))
    .toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
  const listed = dropDetached(all, presentMacs);
  const classified = listed.map((eni) => {
    const reason =
      primaryMac === undefined ? noPrimaryReason : (checkComplete(eni, listed)?.reason ?? null);
    return { eni, reason };
  });
  const incomplete = classified.flatMap(({ eni: { mac, isPrimary }, reason }) =>
    reason === null ? [] : [{ mac, isPrimary, reason }],
  );
  const enis = classified.flatMap(({ eni, reason }) => (reason === null ? [toEni(eni)] : []));
  const isListed = listed.some((eni) => eni.isPrimary);
  const unlisted = primaryMac === undefined || isListed ? [] : [toUnlistedPrimary(primaryMac)];
  return {
    enis: enis.toSorted(compareEnis),
    incomplete: [...unlisted, ...incomplete].toSorted((a, b) => (a.mac < b.mac ? -1 : 1)),
    detachedEnis: all.filter((eni) => !listed.includes(eni)).map(({ mac }) => mac),
    missing: findMissing(primaryMac, network?.interfaces?.macs),
  };
}

/** An instance always has an ENI, so an empty list of MACs has not propagated yet. */
function findMissing(primaryMac: string | undefined, macs: object | undefined): string | null {
  if (primaryMac === undefined) return "meta-data/mac is missing";
  return Object.keys(macs ?? {}).length === 0 ? `${macsFolder}/ is empty` : null;
}

/** Rules and routes depend on which ENI is the primary, so without it nothing can be planned. */
const noPrimaryReason = "meta-data/mac is still missing, so the primary ENI is not known";

function toUnlistedPrimary(mac: string): IncompleteEni {
  return { mac, isPrimary: true, reason: "IMDS does not list the primary's MAC yet" };
}

function parseFolder(key: string, content: unknown, primaryMac: string | undefined): ListedEni {
  const mac = parseWith(macSchema, key, macsFolder);
  const folder = parseWith(eniSchema, content, `${macsFolder}/${mac}`);
  return { mac, isPrimary: mac === primaryMac, folder };
}

function parseWith<T extends v.GenericSchema>(schema: T, input: unknown, path: string) {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw invalidLeafFailure(path, result.issues[0]);
}
