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
  /** Complete ones, sorted by network card, device number and MAC. */
  readonly enis: readonly Eni[];
  /** Listed, but too incomplete to configure: nothing is guessed. Sorted by MAC. */
  readonly incomplete: readonly IncompleteEni[];
  /** MACs that are still listed although another, present NIC has their slot. */
  readonly detachedEnis: readonly string[];
  /** What is missing before any attached ENI can be known; null: nothing. */
  readonly missing: string | null;
}

const macsFolder = macsPath.join("/");

/**
 * Parses the ENIs of a metadata tree; each is either complete, or `incomplete` with the reason.
 * `tree`: everything below `meta-data/`. `presentMacs`: the MACs of the machine's NICs; empty: not
 * known. Throws `DATAERR`, naming the leaf, for an invalid value.
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

/** The listing of an instance always has an entry: an empty one means that it has not propagated. */
function findMissing(primaryMac: string | undefined, macs: object | undefined): string | null {
  if (primaryMac === undefined) return "meta-data/mac is not there";
  return Object.keys(macs ?? {}).length === 0 ? `${macsFolder}/ lists nothing` : null;
}

/** Rules and routes depend on which ENI is the primary: without it nothing can be planned. */
const noPrimaryReason = "meta-data/mac is not there yet, so the primary ENI is not known";

function toUnlistedPrimary(mac: string): IncompleteEni {
  return { mac, isPrimary: true, reason: "meta-data/mac names it, but macs/ does not list it yet" };
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
