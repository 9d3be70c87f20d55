import type { MetadataTree } from "../../model/metadata.ts";
import { type EniLeaf, eniLeafNames } from "../../eni/schema.ts";
import { type ListingEntry, parseListing } from "./listing.ts";
import { readLeaf } from "./tree.ts";
import type { ImdsSession } from "../session.ts";

/** What IMDS says of the network now; `notYet`: MACs of which something listed is still missing. */
export interface NetworkReading {
  /** Below `meta-data/`, with the leaves that configuration needs and no others. */
  readonly mac: string | null;
  /** `macs/` is there: without it nothing is known, which is not the same as nothing attached. */
  readonly hasMacs: boolean;
  readonly enis: Readonly<Record<string, MetadataTree>>;
  readonly incomplete: Readonly<Record<string, string>>;
}

const macsPath = ["meta-data", "network", "interfaces", "macs"];

export interface ReadNetworkOptions {
  /** ENIs that were read whole before and are not asked for again. */
  readonly known: Readonly<Record<string, MetadataTree>>;
  /** The MACs of the NICs that are here. */
  readonly presentMacs: Promise<ReadonlySet<string>>;
}

/**
 * Reads the ENIs' folders, each listing first and then only the listed leaves that matter. Folders
 * of NICs that are here are asked for at the same time as the list of all: that list would name
 * them, and waiting for it is a quarter of the way. Throws what `ImdsSession.get` throws: an error
 * is never an absent value.
 */
export async function readNetwork(
  session: ImdsSession,
  { known, presentMacs }: ReadNetworkOptions,
): Promise<NetworkReading> {
  const [mac, listing, early] = await Promise.all([
    readLeaf(session, ["meta-data", "mac"], { awaitAbsent: false }),
    session.get(macsPath, { asFolder: true }),
    presentMacs.then((macs) =>
      requestListings(
        session,
        [...macs].filter((each) => !(each in known)),
      ),
    ),
  ]);
  const listed = listing === null ? [] : parseListing(listing, macsPath);
  const readings = await Promise.all(
    listed.map(async ({ name }) => {
      const folder = { mac: name, isPrimary: name === mac, early: early.get(name) };
      return [name, known[name] ?? (await readEni(session, folder))] as const;
    }),
  );
  await Promise.all(early.values()); // nothing is left under way
  return {
    mac: typeof mac === "string" ? mac : null,
    hasMacs: listing !== null,
    enis: Object.fromEntries(
      readings.flatMap(([name, eni]) => (typeof eni === "string" ? [] : [[name, eni]])),
    ),
    incomplete: Object.fromEntries(
      readings.flatMap(([name, eni]) => (typeof eni === "string" ? [[name, eni]] : [])),
    ),
  };
}

/** Listings by MAC, of one try each; null: there was none, and who needs it asks again. */
type EarlyListings = ReadonlyMap<string, Promise<Uint8Array | null>>;

function requestListings(session: ImdsSession, macs: readonly string[]): EarlyListings {
  const requestListing = async (mac: string): Promise<Uint8Array | null> => {
    const answer = await session.tryGet([...macsPath, mac], { asFolder: true }).catch(() => null);
    return answer?.kind === "value" ? answer.body : null;
  };
  return new Map(macs.map((mac) => [mac, requestListing(mac)]));
}

interface EniFolder {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly early: Promise<Uint8Array | null> | undefined;
}

/** The folder of one ENI, or why it is not there yet: listed and 404 is *late*, not *absent*. */
async function readEni(
  session: ImdsSession,
  { mac, isPrimary, early }: EniFolder,
): Promise<MetadataTree | string> {
  const path = [...macsPath, mac];
  const listing = (await early) ?? (await session.get(path, { asFolder: true }));
  if (listing === null) return "listed, but its folder is not there yet";
  const leaves = await Promise.all(
    selectLeaves(parseListing(listing, path), isPrimary).map(async (name) => {
      // one that is empty arrives later, and is no reason to hold up the others
      const value = await readLeaf(session, [...path, name], { mayBeEmpty: true });
      return [name, value === null || value.length === 0 ? null : value] as const;
    }),
  );
  const missing = leaves.filter(([, value]) => value === null).map(([name]) => name);
  if (missing.length > 0) return `${missing.join(", ")}: listed, but not there yet`;
  return Object.fromEntries(
    leaves.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

/** The primary is device 0, and has no rules, which is what the ranges of its VPC are for. */
const leavesNotForPrimary: readonly string[] = [
  "device-number",
  "vpc-ipv4-cidr-block",
  "vpc-ipv4-cidr-blocks",
  "vpc-ipv6-cidr-blocks",
] satisfies readonly EniLeaf[];

function selectLeaves(listed: readonly ListingEntry[], isPrimary: boolean): readonly string[] {
  const names = listed.flatMap(({ name, isFolder }) => (isFolder ? [] : [name]));
  // which has the first of the range's blocks alone
  const isRepeated = (name: string): boolean =>
    name === "vpc-ipv4-cidr-block" && names.includes("vpc-ipv4-cidr-blocks");
  return names
    .filter((name) => eniLeafNames.includes(name) && !isRepeated(name))
    .filter((name) => !(isPrimary && leavesNotForPrimary.includes(name)));
}
