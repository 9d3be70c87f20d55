import * as v from "valibot";
import type { MetadataTree } from "../net/metadata-tree.ts";

/**
 * A tree of metadata as `ec2nic fetch` prints it. Not `v.record`, which drops a key that is called
 * `__proto__`: a tag may be.
 */
export const treeSchema = v.custom<MetadataTree>(isTree, "not a tree of texts and lists");

function isTree(value: unknown): value is MetadataTree {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((each) => isLeaf(each) || isTree(each));
}

function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((line) => typeof line === "string");
  return typeof value === "string";
}
