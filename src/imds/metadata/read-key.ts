import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import type { MetadataPath } from "../../model/metadata-path.ts";
import type { Reading } from "../../model/reading.ts";
import { isSecret, type Key } from "../protocol/key.ts";
import { isKnownLeaf } from "./known-leaves.ts";
import { parseListing } from "./listing.ts";
import { readLeaf, readTree, type ReadTree, type TreeOptions } from "./read-tree.ts";
import type { ImdsSession } from "../session.ts";

export interface ReadOptions {
  readonly showSecrets: boolean;
  /** A 404 is asked again until the deadline. */
  readonly awaitAbsent: boolean;
}

type ReadHost = Pick<Host, "log">;

/**
 * One key: a leaf byte for byte, or a folder as a tree; null where the key does not exist.
 * Throws what `ImdsSession.get` throws.
 */
export async function readKey(
  host: ReadHost,
  session: ImdsSession,
  { text: name, path }: Key,
  options: ReadOptions,
): Promise<Reading | null> {
  const treeOptions = { ...options, withSecrets: options.showSecrets || isSecret(path) };
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
  return parseListing(listing, parent).some(
    ({ name, isFolder }) => name === path.at(-1) && isFolder,
  );
}

/** Everything, each child under the name that is its KEY: `meta-data/` itself is not named. */
async function readAll(
  host: ReadHost,
  session: ImdsSession,
  options: TreeOptions,
): Promise<ReadTree> {
  const [metaData, dynamic, userData] = await Promise.all([
    readTree(host, session, ["meta-data"], options),
    readTree(host, session, ["dynamic"], { ...options, awaitAbsent: false }),
    options.withSecrets ? readLeaf(session, ["user-data"], { awaitAbsent: false }) : null,
  ]);
  if (metaData === null) throw new Failure("DATAERR", "meta-data/ is not there (404)");
  const tree = {
    ...metaData.tree,
    ...(dynamic === null ? {} : { dynamic: dynamic.tree }),
    ...(userData === null ? {} : { "user-data": userData }),
  };
  return { tree, isWhole: metaData.isWhole && (dynamic?.isWhole ?? true) };
}
