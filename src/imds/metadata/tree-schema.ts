import * as v from "valibot";
import type { MetadataTree } from "../../model/metadata.ts";

/**
 * A tree of metadata as `ec2nic fetch` prints it. Not a `v.record`, which drops a key named
 * `__proto__`: a tag may have that name.
 */
export const treeSchema = v.custom<MetadataTree>(isTree, "not a tree of texts and lists");

/** Deeper than any tree of `readTree`: a file of unknown origin must not exhaust the stack. */
const maxSchemaDepth = 32;

function isTree(value: unknown): value is MetadataTree {
  return isTreeAt(value, 0);
}

function isTreeAt(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (depth >= maxSchemaDepth) return false;
  return Object.values(value).every((each) => isLeaf(each) || isTreeAt(each, depth + 1));
}

function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((line) => typeof line === "string");
  return typeof value === "string";
}
