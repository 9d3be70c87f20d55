import * as v from "valibot";
import { compareEnis, type Eni, type IncompleteEni } from "../model/eni.ts";
import type { MetadataTree } from "../model/metadata.ts";
import { badLeaf, eniOf, eniSchema, foldersSchema, type ListedEni, macSchema } from "./schema.ts";
import { whyIncomplete, withoutGhosts } from "./completeness.ts";

export interface ParsedEnis {
  /** Whole, by network card, device number and MAC. */
  readonly enis: readonly Eni[];
  /** Listed, but not known well enough to configure; nothing about them is guessed. By MAC. */
  readonly incomplete: readonly IncompleteEni[];
  /** MACs that are still listed in the place of another, whose NIC is here. */
  readonly ghosts: readonly string[];
  /** What must be there before anything is known of what is attached; null: it is there. */
  readonly missing: string | null;
}

const macsPath = "meta-data/network/interfaces/macs";

/**
 * The ENIs in a tree of metadata, each either whole or `incomplete` with the reason. `tree` is what
 * lies below `meta-data/`; `here`: the MACs of the machine's NICs, where they are known. Throws
 * `DATAERR`, naming the leaf, for what is no metadata.
 */
export function parseEnis(tree: MetadataTree, here: ReadonlySet<string> = new Set()): ParsedEnis {
  const { mac: primaryMac, network } = parse(foldersSchema, tree, "meta-data");
  const all = Object.entries(network?.interfaces?.macs ?? {})
    .map(([key, folder]) => parseFolder(key, folder, primaryMac))
    .toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
  const listed = withoutGhosts(all, here);
  const reasoned = listed.map((eni) => {
    const reason =
      primaryMac === undefined ? noPrimary : (whyIncomplete(eni, listed)?.reason ?? null);
    return { eni, reason };
  });
  const incomplete = reasoned.flatMap(({ eni: { mac, isPrimary }, reason }) =>
    reason === null ? [] : [{ mac, isPrimary, reason }],
  );
  const enis = reasoned.flatMap(({ eni, reason }) => (reason === null ? [eniOf(eni)] : []));
  const isListed = listed.some((eni) => eni.isPrimary);
  const unlisted = primaryMac === undefined || isListed ? [] : [unlistedPrimary(primaryMac)];
  return {
    enis: enis.toSorted(compareEnis),
    incomplete: [...unlisted, ...incomplete].toSorted((a, b) => (a.mac < b.mac ? -1 : 1)),
    ghosts: all.filter((eni) => !listed.includes(eni)).map(({ mac }) => mac),
    missing: missingOf(primaryMac, network?.interfaces?.macs),
  };
}

/** Not there and empty are two things: the second never happens on an instance. */
function missingOf(primaryMac: string | undefined, macs: object | undefined): string | null {
  if (primaryMac === undefined) return "meta-data/mac is not there";
  return Object.keys(macs ?? {}).length === 0 ? `${macsPath}/ lists nothing` : null;
}

/** Which ENI is the primary decides about rules and routes: without it nothing can be planned. */
const noPrimary = "meta-data/mac is not there yet, so the primary ENI is not known";

function unlistedPrimary(mac: string): IncompleteEni {
  return { mac, isPrimary: true, reason: "meta-data/mac names it, but macs/ does not list it yet" };
}

function parseFolder(key: string, content: unknown, primaryMac: string | undefined): ListedEni {
  const mac = parse(macSchema, key, macsPath);
  const folder = parse(eniSchema, content, `${macsPath}/${mac}`);
  return { mac, isPrimary: mac === primaryMac, folder };
}

function parse<T extends v.GenericSchema>(schema: T, input: unknown, path: string) {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw badLeaf(path, result.issues[0]);
}
