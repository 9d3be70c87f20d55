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
  /** Whole, by network card, device number and MAC. */
  readonly enis: readonly Eni[];
  /** Listed, but not known well enough to configure; nothing about them is guessed. By MAC. */
  readonly incomplete: readonly IncompleteEni[];
  /** MACs that are still listed in the place of another, whose NIC is here. */
  readonly detachedEnis: readonly string[];
  /** What must be there before anything is known of what is attached; null: it is there. */
  readonly missing: string | null;
}

const macsFolder = macsPath.join("/");

/**
 * The ENIs in a tree of metadata, each either whole or `incomplete` with the reason. `tree` is what
 * lies below `meta-data/`; `here`: the MACs of the machine's NICs, where they are known. Throws
 * `DATAERR`, naming the leaf, for what is no metadata.
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

/** Not there and empty are two things: the second never happens on an instance. */
function findMissing(primaryMac: string | undefined, macs: object | undefined): string | null {
  if (primaryMac === undefined) return "meta-data/mac is not there";
  return Object.keys(macs ?? {}).length === 0 ? `${macsFolder}/ lists nothing` : null;
}

/** Which ENI is the primary decides about rules and routes: without it nothing can be planned. */
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
