import type { MetadataTree } from "../net/metadata-tree.ts";
import { eniLeaves } from "./eni-schema.ts";
import { type Entry, parseListing } from "./parse-listing.ts";
import { readLeaf } from "./read-tree.ts";
import type { ImdsSession } from "./session.ts";

/** What IMDS says of the network now; `notYet`: MACs of which something listed is still missing. */
export interface NetworkReading {
  /** Below `meta-data/`, with the leaves that configuration needs and no others. */
  readonly mac: string | null;
  /** `macs/` is there: without it nothing is known, which is not the same as nothing attached. */
  readonly isListed: boolean;
  readonly enis: Readonly<Record<string, MetadataTree>>;
  readonly notYet: Readonly<Record<string, string>>;
}

const macsPath = ["meta-data", "network", "interfaces", "macs"];

/**
 * Reads the ENIs' folders, each listing first and then only the listed leaves that matter. `known`
 * are ENIs that were read whole before and are not asked for again.
 * Throws what `ImdsSession.get` throws: an error is never an absent value.
 */
export async function readNetwork(
  session: ImdsSession,
  known: Readonly<Record<string, MetadataTree>>,
): Promise<NetworkReading> {
  const [mac, listing] = await Promise.all([
    readLeaf(session, ["meta-data", "mac"], { awaitAbsent: false }),
    session.get(macsPath, { asFolder: true }),
  ]);
  const listed = listing === null ? [] : parseListing(listing, macsPath);
  const readings = await Promise.all(
    listed.map(async ({ name }) => [name, known[name] ?? (await readEni(session, name))] as const),
  );
  return {
    mac: typeof mac === "string" ? mac : null,
    isListed: listing !== null,
    enis: Object.fromEntries(
      readings.flatMap(([name, eni]) => (typeof eni === "string" ? [] : [[name, eni]])),
    ),
    notYet: Object.fromEntries(
      readings.flatMap(([name, eni]) => (typeof eni === "string" ? [[name, eni]] : [])),
    ),
  };
}

/** The folder of one ENI, or why it is not there yet: listed and 404 is *late*, not *absent*. */
async function readEni(session: ImdsSession, mac: string): Promise<MetadataTree | string> {
  const path = [...macsPath, mac];
  const listing = await session.get(path, { asFolder: true });
  if (listing === null) return "listed, but its folder is not there yet";
  const wanted = parseListing(listing, path).filter(isWanted);
  const leaves = await Promise.all(
    wanted.map(async ({ name }) => {
      // one that is empty arrives later, and is no reason to hold up the others
      const value = await readLeaf(session, [...path, name], { mayBeEmpty: true });
      return [name, value === null || value.length === 0 ? null : value] as const;
    }),
  );
  const late = leaves.filter(([, value]) => value === null).map(([name]) => name);
  if (late.length > 0) return `${late.join(", ")}: listed, but not there yet`;
  return Object.fromEntries(
    leaves.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

function isWanted({ name, isFolder }: Entry): boolean {
  return !isFolder && eniLeaves.includes(name);
}
