import * as v from "valibot";
import type { MetadataTree } from "../../model/metadata.ts";

/**
 * A tree of metadata as `ec2nic fetch` prints it. This is not a `v.record`, because that drops a key
 * with the name `__proto__`, and a tag can have this name.
 */
export const treeSchema = v.custom<MetadataTree>(isTree, "not a tree of texts and lists");

/** Deeper than every tree of `readTree`. Without a limit, a file could exhaust the stack. */
const maxSchemaDepth = 32;

function isTree(value: unknown, depth = 0): value is MetadataTree {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (depth >= maxSchemaDepth) return false;
  return Object.values(value).every((each) => isLeaf(each) || isTree(each, depth + 1));
}

function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((line) => typeof line === "string");
  return typeof value === "string";
}
