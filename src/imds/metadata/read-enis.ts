import type { MetadataTree } from "../../model/metadata.ts";
import { type EniLeaf, eniLeafNames, macsPath } from "../../eni/schema.ts";
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
  /** By MAC, the reason why an ENI is not complete: a listed folder or leaf answers 404. */
  readonly incomplete: Readonly<Record<string, string>>;
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
    readLeaf(session, ["meta-data", "mac"], { awaitAbsent: false }),
    session.get(macsPath, { asFolder: true }),
    presentMacs.then((macs) => {
      const unknown = [...macs].filter((each) => !(each in known));
      return requestListings(session, unknown);
    }),
  ]);
  const listed = listing === null ? [] : parseListing(listing, macsPath);
  const readings = await Promise.all(
    listed.map(async ({ name }) => {
      const folder = { mac: name, isPrimary: name === mac, early: early.get(name) };
      return [name, known[name] ?? (await readEni(session, folder))] as const;
    }),
  );
  await Promise.all(early.values()); // also listings of MACs that IMDS does not list
  const enis: Record<string, MetadataTree> = {};
  const incomplete: Record<string, string> = {};
  for (const [name, eni] of readings) {
    if (typeof eni === "string") incomplete[name] = eni;
    else enis[name] = eni;
  }
  const hasMacs = listing !== null;
  return { mac: typeof mac === "string" ? mac : null, hasMacs, enis, incomplete };
}

/** Listings by MAC, requested once; null after a failure. Then `readEni` requests the listing again. */
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

/** The folder of one ENI; a string says what is late, because IMDS lists it and answers 404. */
async function readEni(
  session: ImdsSession,
  { mac, isPrimary, early }: EniFolder,
): Promise<MetadataTree | string> {
  const path = [...macsPath, mac];
  const listing = (await early) ?? (await session.get(path, { asFolder: true }));
  if (listing === null) return "its folder is still missing";
  const leaves = await Promise.all(
    selectLeaves(parseListing(listing, path), isPrimary).map(async (name) => {
      // an empty leaf is late, and must not delay the others
      const value = await readLeaf(session, [...path, name], { mayBeEmpty: true });
      return [name, value === null || value.length === 0 ? null : value] as const;
    }),
  );
  const missing = leaves.filter(([, value]) => value === null).map(([name]) => name);
  if (missing.length > 0) return `${missing.join(", ")}: listed, but without a value yet`;
  return Object.fromEntries(
    leaves.flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

/** The primary ENI is always device 0. It gets no rules, so it does not need the VPC's ranges. */
const leavesNotForPrimary: readonly string[] = [
  "device-number",
  "vpc-ipv4-cidr-block",
  "vpc-ipv4-cidr-blocks",
  "vpc-ipv6-cidr-blocks",
] satisfies readonly EniLeaf[];

function selectLeaves(listed: readonly ListingEntry[], isPrimary: boolean): readonly string[] {
  const names = listEniLeaves(listed);
  // `vpc-ipv4-cidr-block` is the first line of `vpc-ipv4-cidr-blocks`
  const repeated = names.includes("vpc-ipv4-cidr-blocks") ? ["vpc-ipv4-cidr-block"] : [];
  const needless = [...repeated, ...(isPrimary ? leavesNotForPrimary : [])];
  return names.filter((name) => !needless.includes(name));
}

/** The leaves of an ENI that configuration needs. */
export function listEniLeaves(entries: readonly ListingEntry[]): readonly string[] {
  return entries.flatMap(({ name, isFolder }) =>
    !isFolder && eniLeafNames.includes(name) ? [name] : [],
  );
}
