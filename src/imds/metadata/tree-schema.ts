import * as v from "valibot";
import type { MetadataTree } from "../../model/metadata.ts";

/**
 * A tree of metadata as `ec2nic fetch` prints it. Not `v.record`, which drops a key that is called
 * `__proto__`: a tag may be.
 */
export const treeSchema = v.custom<MetadataTree>(isTree, "not a tree of texts and lists");

/** As deep as `readTree` makes one, and to spare: a file may be anybody's, and the stack has an end. */
const maxSchemaDepth = 32;

function isTree(value: unknown): value is MetadataTree {
  return isTreeAt(value, 0);
}

function isTreeAt(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return (
    depth < maxSchemaDepth &&
    Object.values(value).every((each) => isLeaf(each) || isTreeAt(each, depth + 1))
  );
}

function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((line) => typeof line === "string");
  return typeof value === "string";
}
