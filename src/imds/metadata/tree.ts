import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import {
  bytesHint,
  decodeIfText,
  decodeText,
  formatKey,
  leafValue,
  type MetadataPath,
  type MetadataTree,
} from "../../model/metadata.ts";
import { isSecretPath, isSecretValue } from "../protocol/key.ts";
import { type ListingEntry, parseListing } from "./listing.ts";
import type { GetOptions, ImdsSession } from "../session.ts";

export interface TreeOptions {
  /** Includes credentials and user-data. */
  readonly withSecrets: boolean;
  /** Retry a child that is listed but answers 404, until the deadline. */
  readonly awaitAbsent: boolean;
  /** Names the secrets that are left out, because the user named a folder that contains them. */
  readonly nameSecrets: boolean;
}

export interface TreeReading {
  readonly tree: MetadataTree;
  /** false if a listed child could not be read and was left out. Secrets do not count. */
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
  const { entries, refused } = parseListing(listing, path);
  warnOfRefused(host, path, refused);
  reader.addNames(entries.length);
  const children = await Promise.all(
    entries.map(async (entry) => ({ entry, result: await readChild(reader, path, entry) })),
  );
  const values = children.flatMap(({ entry, result }) =>
    result.kind === "value" ? [[entry.name, result.value] as const] : [],
  );
  const isComplete = children.every(({ result }) => result.isComplete) && refused.length === 0;
  return { tree: Object.fromEntries(values), isComplete };
}

type TreeValue = MetadataTree[string];

/** A child of a folder. A secret is left out, and the tree is complete without it. */
type Child =
  | { readonly kind: "value"; readonly value: TreeValue; readonly isComplete: boolean }
  | { readonly kind: "left-out"; readonly isComplete: boolean };

/** Reads one child. One that cannot be read is named in a warning and does not cost the others. */
async function readChild(
  reader: TreeReader,
  folder: MetadataPath,
  { name, isFolder }: ListingEntry,
): Promise<Child> {
  const { host, session, options } = reader;
  const path = [...folder, name];
  const key = formatKey(path);
  const isHidden = !options.withSecrets;
  if (isHidden && isSecretPath(path)) return leaveOutSecret(reader, path, options.nameSecrets);
  if (isFolder) {
    const subtree = await readFolder(reader, path);
    if (subtree === null) return leaveOutAbsent(host, key);
    return { kind: "value", value: subtree.tree, isComplete: subtree.isComplete };
  }
  const body = await session.get(path, options);
  if (body === null) return leaveOutAbsent(host, key);
  const text = decodeOrWarn(host, path, body);
  if (text === null) return { kind: "left-out", isComplete: false };
  if (isHidden && isSecretValue(text)) return leaveOutSecret(reader, path, true);
  return { kind: "value", value: leafValue(path, text), isComplete: true };
}

/** The text of a value; null, with a warning that names its key, if the value is not UTF-8. */
export function decodeOrWarn(
  host: Pick<Host, "log">,
  path: MetadataPath,
  body: Uint8Array,
): string | null {
  const text = decodeIfText(body);
  if (text !== null) return text;
  const key = formatKey(path);
  host.log.warn(`${key} is left out: its value is not text (UTF-8)`, bytesHint(key));
  return null;
}

function leaveOutAbsent(host: Pick<Host, "log">, key: string): Child {
  host.log.warn(`${key} is left out: it is listed, but answers 404`, "to wait for it: --wait");
  return { kind: "left-out", isComplete: false };
}

function leaveOutSecret({ host }: TreeReader, path: MetadataPath, isNamed: boolean): Child {
  const hint = "name it, or use --show-secrets";
  if (isNamed) host.log.warn(`${formatKey(path)} is left out: it holds credentials`, hint);
  return { kind: "left-out", isComplete: true };
}

/** One warning per folder; a hostile listing could have a thousand such names. */
function warnOfRefused(
  host: Pick<Host, "log">,
  path: MetadataPath,
  refused: readonly string[],
): void {
  if (refused.length === 0) return;
  const shown = refused.slice(0, 3).join("; ");
  const more = refused.length > 3 ? `; and ${refused.length - 3} more` : "";
  const hint = "such a name cannot be a part of a path, so it cannot be read";
  host.log.warn(`${formatKey(path)}/ lists ${shown}${more}: left out`, hint);
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
