import type { MetadataPath } from "./metadata-path.ts";
import type { MetadataTree } from "./metadata-tree.ts";

/** What one KEY of `fetch` came to. */
export type Reading = Leaf | Tree;

export interface Leaf {
  readonly kind: "leaf";
  /** The KEY as the caller wrote it. */
  readonly name: string;
  readonly path: MetadataPath;
  readonly bytes: Uint8Array;
}

export interface Tree {
  readonly kind: "tree";
  readonly name: string;
  readonly path: MetadataPath;
  readonly tree: MetadataTree;
  /** false: something that is listed answered 404, and was left out. */
  readonly isWhole: boolean;
}
