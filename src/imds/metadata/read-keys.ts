import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { formatKey, type MetadataPath, type Reading } from "../../model/metadata.ts";
import { quoteShellWord } from "../../model/text.ts";
import type { Cache } from "./cache.ts";
import type { Key } from "../protocol/key.ts";
import type { ImdsContext } from "../open-imds.ts";
import type { ImdsSession } from "../session.ts";
import { isKnownLeaf } from "./known-leaves.ts";
import { parseListing } from "./listing.ts";
import { decodeOrWarn, readTree, type TreeReading, type TreeOptions } from "./tree.ts";

interface ReadKeysOptions extends ReadOptions {
  readonly keys: readonly Key[];
  /** The value for a key that does not exist; null if such a key is an error. */
  readonly fallback: string | null;
  /** The allowed age of a cached answer; null if the cache is neither read nor written. */
  readonly maxAgeMs: number | null;
}

/**
 * Reads all keys at the same time; the readings have the order of the keys. Throws `NOINPUT` if one
 * of the keys does not exist, and what `readKey` throws.
 */
export async function readKeys(
  host: Host,
  { session, settings }: ImdsContext,
  options: ReadKeysOptions,
): Promise<readonly Reading[]> {
  const cache = await cacheFor(host, settings.endpoints, options);
  const read = async (key: Key): Promise<Reading> => {
    const cached = (await cache?.find(key)) ?? null;
    if (cached !== null) return cached;
    const reading = await readKey(host, session, key, options);
    if (reading === null) return fallbackFor(key, options.fallback);
    await cache?.add(reading);
    return reading;
  };
  return Promise.all(options.keys.map(read));
}

/** Returns null if secrets are shown, because the cache must not store secrets. */
async function cacheFor(
  host: Host,
  endpoints: readonly string[],
  { maxAgeMs, showSecrets }: ReadKeysOptions,
): Promise<Cache | null> {
  if (maxAgeMs === null || showSecrets) return null;
  const { openCache } = await import("./cache.ts");
  return openCache(host, endpoints, maxAgeMs);
}

function fallbackFor({ text: name, path }: Key, fallback: string | null): Reading {
  if (fallback !== null) {
    return { kind: "leaf", name, path, bytes: new TextEncoder().encode(fallback) };
  }
  throw new Failure("NOINPUT", `${name}: there is no such key (404)`, { hint: hintFor(path) });
}

function hintFor(path: MetadataPath): string {
  if (path[0] === "user-data") return "the instance was launched without user-data";
  if (path.includes("tags")) {
    return "tags need the instance's metadata option instance-metadata-tags; to wait for a tag: --wait";
  }
  const folder = formatKey(path.slice(0, -1));
  const listing = folder === "" ? "--json" : quoteShellWord(folder);
  return `list all keys: ec2nic fetch ${listing}. To wait for this key: --wait`;
}

interface ReadOptions {
  readonly showSecrets: boolean;
  /** A 404 is retried until the deadline. */
  readonly awaitAbsent: boolean;
}

/**
 * Reads one key: a leaf byte for byte, or a folder as a tree. Returns null if the key does not
 * exist. Throws what `ImdsSession.get` throws.
 */
async function readKey(
  host: Pick<Host, "log">,
  session: ImdsSession,
  { text: name, path }: Key,
  options: ReadOptions,
): Promise<Reading | null> {
  const { showSecrets: withSecrets, awaitAbsent } = options;
  // for all metadata, no warning names the secrets, because the manual says that they are left out
  const treeOptions = { withSecrets, awaitAbsent, nameSecrets: path.length > 1 };
  if (path.length === 0) {
    return { kind: "tree", name, path, ...(await readAll(host, session, treeOptions)) };
  }
  const isFolder = path.length === 1 && path[0] !== "user-data";
  if (!isFolder) {
    const bytes = await session.get(path, options);
    if (bytes === null) return null;
    if (isKnownLeaf(path) || !(await isListedAsFolder(session, path))) {
      return { kind: "leaf", name, path, bytes };
    }
  }
  const tree = await readTree(host, session, path, treeOptions);
  return tree === null ? null : { kind: "tree", name, path, ...tree };
}

async function isListedAsFolder(session: ImdsSession, path: MetadataPath): Promise<boolean> {
  const parent = path.slice(0, -1);
  const listing = await session.get(parent, { asFolder: true });
  if (listing === null) return false;
  const { entries } = parseListing(listing, parent);
  return entries.some(({ name, isFolder }) => name === path.at(-1) && isFolder);
}

/** Reads everything. The children of `meta-data` are at the top, because a KEY does not name it. */
async function readAll(
  host: Pick<Host, "log">,
  session: ImdsSession,
  options: TreeOptions,
): Promise<TreeReading> {
  const [metaData, dynamic, userData] = await Promise.all([
    readTree(host, session, ["meta-data"], options),
    readTree(host, session, ["dynamic"], { ...options, awaitAbsent: false }),
    options.withSecrets ? session.get(["user-data"]) : null,
  ]);
  if (metaData === null) throw new Failure("DATAERR", "IMDS has no meta-data/ (404)");
  const script = userData === null ? null : decodeOrWarn(host, ["user-data"], userData);
  const tree = {
    ...metaData.tree,
    ...(dynamic === null ? {} : { dynamic: dynamic.tree }),
    ...(script === null ? {} : { "user-data": script }),
  };
  return { tree, isComplete: metaData.isComplete && (dynamic?.isComplete ?? true) };
}
