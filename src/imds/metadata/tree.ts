import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import {
  decodeText,
  formatKey,
  leafValue,
  type MetadataPath,
  type MetadataTree,
} from "../../model/metadata.ts";
import { isSecret } from "../protocol/key.ts";
import { parseListing } from "./listing.ts";
import type { GetOptions, ImdsSession } from "../session.ts";

export interface TreeOptions {
  /** Includes credentials and user-data. */
  readonly withSecrets: boolean;
  /** Retry a child that is listed but answers 404, until the deadline. */
  readonly awaitAbsent: boolean;
}

export interface TreeReading {
  readonly tree: MetadataTree;
  /** false if a listed child answered 404 and was left out. */
  readonly isComplete: boolean;
}

/** Real trees are 7 folders deep, and have some hundred names. */
const maxDepth = 16;
const maxNames = 10_000;

/**
 * Reads a folder with everything below it. Returns null for a 404. Throws `DATAERR` if the tree is
 * deeper than `maxDepth` or has more than `maxNames` names, and what `ImdsSession.get` throws.
 */
export async function readTree(
  host: Pick<Host, "log">,
  session: ImdsSession,
  path: MetadataPath,
  options: TreeOptions,
): Promise<TreeReading | null> {
  let nameCount = 0;
  const addNames = (count: number): void => {
    nameCount += count;
    if (nameCount <= maxNames) return;
    throw new Failure("DATAERR", `${path.join("/")}/ has more than ${maxNames} names below it`);
  };
  return readFolder({ host, session, options, addNames }, path);
}

interface TreeReader {
  readonly host: Pick<Host, "log">;
  readonly session: ImdsSession;
  readonly options: TreeOptions;
  /** Counts the names of one folder. Throws `DATAERR` if the tree has too many names. */
  readonly addNames: (count: number) => void;
}

async function readFolder(reader: TreeReader, path: MetadataPath): Promise<TreeReading | null> {
  const { host, session, options } = reader;
  if (path.length > maxDepth) {
    throw new Failure("DATAERR", `${formatKey(path)} is more than ${maxDepth} folders deep`);
  }
  const listing = await session.get(path, { ...options, asFolder: true });
  if (listing === null) return null;
  const readChild = async ({ name, isFolder }: { name: string; isFolder: boolean }) => {
    const child = [...path, name];
    if (isSecret(child) && !options.withSecrets) return [];
    const subtree = isFolder ? await readFolder(reader, child) : null;
    const value = isFolder ? (subtree?.tree ?? null) : await readLeaf(session, child, options);
    if (value !== null)
      return [{ entry: [name, value] as const, isComplete: subtree?.isComplete ?? true }];
    const key = formatKey(child);
    host.log.warn(`${key} is left out: it is listed, but answers 404`, "to wait for it: --wait");
    return [{ entry: null, isComplete: false }];
  };
  const entries = parseListing(listing, path);
  reader.addNames(entries.length);
  const children = (await Promise.all(entries.map(readChild))).flat();
  return {
    tree: Object.fromEntries(children.flatMap(({ entry }) => (entry === null ? [] : [entry]))),
    isComplete: children.every(({ isComplete }) => isComplete),
  };
}

/** Reads a leaf as text or, for a list of addresses or prefixes, as an array; null for a 404. */
export async function readLeaf(
  session: ImdsSession,
  path: MetadataPath,
  options: GetOptions,
): Promise<string | readonly string[] | null> {
  const body = await session.get(path, options);
  return body === null ? null : leafValue(path, decodeText(body, path));
}
