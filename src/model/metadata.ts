import { Failure } from "../exit.ts";
import { quoteShellWord } from "./text.ts";

/** Names below `latest/`: `["meta-data", "placement", "region"]`. */
export type MetadataPath = readonly string[];

/** The KEY of `fetch` for a path: relative to `meta-data/` if the path is below that. */
export function formatKey(path: MetadataPath): string {
  return (path[0] === "meta-data" ? path.slice(1) : path).join("/");
}

/**
 * A name as a segment of a URL path. Only characters that RFC 3986 does not allow there (pchar) are
 * percent-encoded. The colons of a MAC stay, as every other client sends them (boto #817, cloud-init
 * `combine_url`); whether EC2 decodes `%3A` is unknown.
 */
export function encodePathName(name: string): string {
  return encodeURIComponent(name).replace(/%(3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);
}

/** A value as text. Throws `DATAERR` if it is not UTF-8, because decoding would change it. */
export function decodeText(bytes: Uint8Array, path: MetadataPath): string {
  const text = decodeIfText(bytes);
  if (text !== null) return text;
  const key = formatKey(path);
  throw new Failure("DATAERR", `${key}: its value is not text (UTF-8)`, { hint: bytesHint(key) });
}

/** A value as text; null if it is not UTF-8. */
export function decodeIfText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** How to get a value that is not text. */
export function bytesHint(key: string): string {
  return `write its bytes to a file: ec2nic fetch ${quoteShellWord(key)} --output FILE`;
}

/**
 * The tree below `meta-data/` as `ec2nic fetch` prints it: folders are objects, leaves are text,
 * lists of addresses or prefixes are arrays. The tree is not validated.
 */
export type MetadataTree = {
  readonly [name: string]: string | readonly string[] | MetadataTree;
};

/** Leaves that are lists of addresses or prefixes, one per line, even if there is only one line. */
const addressListPatterns = [
  /^[a-z0-9-]*ipv[46]s$/,
  /^[a-z0-9-]*-cidr-blocks$/,
  /^ipv[46]-prefix(es)?$/,
];

/** A leaf in `fetch --json`: an array for an ENI's list of addresses or prefixes, else text. */
export function leafValue(path: MetadataPath, text: string): string | readonly string[] {
  return isAddressList(path) ? text.split("\n").filter((line) => line !== "") : text;
}

/** Only leaves below an ENI are lists: a tag with the name `local-ipv4s` is a string. */
function isAddressList(path: MetadataPath): boolean {
  const [, leaf] = /^meta-data\/network\/interfaces\/macs\/[^/]+\/(.+)$/.exec(path.join("/")) ?? [];
  if (leaf === undefined) return false;
  return (
    leaf.startsWith("ipv4-associations/") ||
    addressListPatterns.some((pattern) => pattern.test(leaf))
  );
}

/** The result of one KEY of `fetch`. */
export type Reading = Leaf | Tree;

interface Leaf {
  readonly kind: "leaf";
  /** The KEY as the caller wrote it. */
  readonly name: string;
  readonly path: MetadataPath;
  readonly bytes: Uint8Array;
}

interface Tree {
  readonly kind: "tree";
  readonly name: string;
  readonly path: MetadataPath;
  readonly tree: MetadataTree;
  /** False if a listed entry answered 404; the tree does not contain it. */
  readonly isComplete: boolean;
}
