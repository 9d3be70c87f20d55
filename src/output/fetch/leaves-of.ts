import type { MetadataPath } from "../../model/metadata-path.ts";
import type { MetadataTree } from "../../model/metadata-tree.ts";
import type { Reading } from "../../model/reading.ts";

/** One value, and where it lies. */
export interface NamedLeaf {
  readonly path: MetadataPath;
  readonly bytes: Uint8Array;
}

/** The leaves of a reading, a folder's too; lists are as IMDS gave them, a line each. */
export function leavesOf(reading: Reading): readonly NamedLeaf[] {
  if (reading.kind === "leaf") return [reading];
  return leavesBelow(reading.path, reading.tree);
}

function leavesBelow(path: MetadataPath, tree: MetadataTree): readonly NamedLeaf[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const below = [...path, name];
    if (typeof value === "string") return [leaf(below, value)];
    if (isList(value)) return [leaf(below, value.join("\n"))];
    return leavesBelow(below, value);
  });
}

function leaf(path: MetadataPath, text: string): NamedLeaf {
  return { path, bytes: new TextEncoder().encode(text) };
}

function isList(value: MetadataTree | readonly string[]): value is readonly string[] {
  return Array.isArray(value);
}
