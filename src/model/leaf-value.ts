import type { MetadataPath } from "./metadata-path.ts";

/** Leaves that hold a list of addresses or prefixes, a line each, even where it is one line. */
const lists = [/^[a-z0-9-]*ipv[46]s$/, /^[a-z0-9-]*-cidr-blocks$/, /^ipv[46]-prefix(es)?$/];

/**
 * A leaf's text as `fetch --json` gives it: an array for a list of addresses or prefixes of an
 * ENI, else the string as it is.
 */
export function leafValue(path: MetadataPath, text: string): string | readonly string[] {
  return isList(path) ? text.split("\n").filter((line) => line !== "") : text;
}

/** Only below an ENI: a tag may be called `local-ipv4s` and still is a string. */
function isList(path: MetadataPath): boolean {
  const [, leaf] = /^meta-data\/network\/interfaces\/macs\/[^/]+\/(.+)$/.exec(path.join("/")) ?? [];
  if (leaf === undefined) return false;
  return leaf.startsWith("ipv4-associations/") || lists.some((pattern) => pattern.test(leaf));
}
