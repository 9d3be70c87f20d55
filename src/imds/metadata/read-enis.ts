import type { MetadataTree } from "../../model/metadata.ts";
import { eniLeafNames, macsPath } from "../../eni/schema.ts";
import { type ListingEntry, parseListing } from "./listing.ts";
import { readLeaf } from "./tree.ts";
import type { ImdsSession } from "../session.ts";

/** The folders of ENIs by MAC, with the leaves that configuration needs. */
export type EniFolders = Readonly<Record<string, MetadataTree>>;

export interface NetworkReading {
  /** The MAC of the primary ENI; null after a 404. */
  readonly mac: string | null;
  /** Whether `macs/` exists. Without this folder, IMDS does not know the ENIs yet. */
  readonly hasMacs: boolean;
  readonly enis: EniFolders;
  /** The MACs that are listed, but whose folders answer 404. */
  readonly withoutFolder: readonly string[];
}

export interface ReadNetworkOptions {
  /** ENIs that are complete already, and are not read again. */
  readonly known: EniFolders;
  /** The MACs of the machine's NICs. */
  readonly presentMacs: Promise<ReadonlySet<string>>;
}

/**
 * Reads the folder of each ENI: first its listing, then the listed leaves that configuration needs.
 * The listings of the machine's NICs are requested at the same time as the listing of `macs/`,
 * which saves a quarter of the time. Throws what `ImdsSession.get` throws.
 */
export async function readNetwork(
  session: ImdsSession,
  { known, presentMacs }: ReadNetworkOptions,
): Promise<NetworkReading> {
  const [mac, listing, early] = await Promise.all([
    readLeaf(session, ["meta-data", "mac"], { isNeeded: true }),
    session.get(macsPath, { asFolder: true, isNeeded: true }),
    presentMacs.then((macs) => {
      const unknown = [...macs].filter((each) => !(each in known));
      return requestListings(session, unknown);
    }),
  ]);
  const listed = listing === null ? [] : parseListing(listing, macsPath).entries;
  const readings = await Promise.all(
    listed.map(async ({ name }) => {
      const folder = { mac: name, early: early.get(name) };
      return [name, known[name] ?? (await readEni(session, folder))] as const;
    }),
  );
  await Promise.all(early.values()); // also listings of MACs that IMDS does not list
  const enis = readings.flatMap(([name, eni]) => (eni === null ? [] : [[name, eni] as const]));
  return {
    mac: typeof mac === "string" ? mac : null,
    hasMacs: listing !== null,
    enis: Object.fromEntries(enis),
    withoutFolder: readings.flatMap(([name, eni]) => (eni === null ? [name] : [])),
  };
}

/** Listings by MAC, requested once; null after a failure. Then `readEni` requests the listing again. */
type EarlyListings = ReadonlyMap<string, Promise<Uint8Array | null>>;

function requestListings(session: ImdsSession, macs: readonly string[]): EarlyListings {
  const requestListing = async (mac: string): Promise<Uint8Array | null> => {
    const answer = await session
      .tryGet([...macsPath, mac], { asFolder: true, isNeeded: true })
      .catch(() => null);
    return answer?.kind === "value" ? answer.body : null;
  };
  return new Map(macs.map((mac) => [mac, requestListing(mac)]));
}

interface EniFolder {
  readonly mac: string;
  readonly early: Promise<Uint8Array | null> | undefined;
}

/**
 * The folder of one ENI; null if IMDS lists it and answers 404. A listed leaf without a value, which
 * is empty or a 404, is the empty text: `eni/` decides whether its value is late.
 */
async function readEni(
  session: ImdsSession,
  { mac, early }: EniFolder,
): Promise<MetadataTree | null> {
  const path = [...macsPath, mac];
  const listing = (await early) ?? (await session.get(path, { asFolder: true, isNeeded: true }));
  if (listing === null) return null;
  const names = listEniLeaves(parseListing(listing, path).entries);
  const read = async (name: string) => {
    // an empty leaf must not delay the others
    const value = await readLeaf(session, [...path, name], {});
    return [name, value === null || value.length === 0 ? "" : value] as const;
  };
  const [first, all] = ["vpc-ipv4-cidr-block", "vpc-ipv4-cidr-blocks"];
  const isRepeated = names.includes(all);
  const needed = names.filter((name) => !isRepeated || name !== first);
  const folder = Object.fromEntries(await Promise.all(needed.map(read)));
  // `first` is the first line of `all`, so it is needed only if `all` has no value
  const isNeeded = isRepeated && folder[all] === "" && names.includes(first);
  return isNeeded ? { ...folder, ...Object.fromEntries([await read(first)]) } : folder;
}

/** The leaves of an ENI that configuration needs. */
export function listEniLeaves(entries: readonly ListingEntry[]): readonly string[] {
  return entries.flatMap(({ name, isFolder }) =>
    !isFolder && eniLeafNames.includes(name) ? [name] : [],
  );
}
