import { Failure } from "../exit.ts";
import { quoteShellWord } from "./text.ts";

/** Names below `latest/`: `["meta-data", "placement", "region"]`. */
export type MetadataPath = readonly string[];

/** The KEY that fetches what lies there: relative to `meta-data/` where it lies in there. */
export function formatKey(path: MetadataPath): string {
  return (path[0] === "meta-data" ? path.slice(1) : path).join("/");
}

/** A value as text; strict, or what is no UTF-8 would be changed on its way. Throws `DATAERR`. */
export function decodeText(bytes: Uint8Array, path: MetadataPath): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const key = formatKey(path);
    const hint = `read it alone, byte for byte: ec2nic fetch ${quoteShellWord(key)} --output FILE`;
    throw new Failure("DATAERR", `${key}: its value is not text (UTF-8)`, { cause, hint });
  }
}

/**
 * What IMDS holds below `meta-data/`, as `ec2nic fetch` prints it: folders are objects, leaves are
 * text, leaves that list addresses or prefixes are arrays. Nothing in it is trusted yet.
 */
export type MetadataTree = {
  readonly [name: string]: string | readonly string[] | MetadataTree;
};

/** Leaves that hold a list of addresses or prefixes, a line each, even where it is one line. */
const addressListPatterns = [
  /^[a-z0-9-]*ipv[46]s$/,
  /^[a-z0-9-]*-cidr-blocks$/,
  /^ipv[46]-prefix(es)?$/,
];

/**
 * A leaf's text as `fetch --json` gives it: an array for a list of addresses or prefixes of an
 * ENI, else the string as it is.
 */
export function leafValue(path: MetadataPath, text: string): string | readonly string[] {
  return isAddressList(path) ? text.split("\n").filter((line) => line !== "") : text;
}

/** Only below an ENI: a tag may be called `local-ipv4s` and still is a string. */
function isAddressList(path: MetadataPath): boolean {
  const [, leaf] = /^meta-data\/network\/interfaces\/macs\/[^/]+\/(.+)$/.exec(path.join("/")) ?? [];
  if (leaf === undefined) return false;
  return (
    leaf.startsWith("ipv4-associations/") ||
    addressListPatterns.some((pattern) => pattern.test(leaf))
  );
}

/** What one KEY of `fetch` came to. */
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
  /** false: something that is listed answered 404, and was left out. */
  readonly isComplete: boolean;
}
