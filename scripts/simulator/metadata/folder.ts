import type { Leaf, Tree } from "./tree.ts";
import { isLeaf } from "./tree.ts";

/** A folder that can change while the simulator runs; its keys have no `=NAME` part. */
export interface Folder {
  readonly children: Map<string, Leaf | Folder>;
  /** Its line in the parent's listing: `NAME/`, or `0=NAME` under `public-keys/`. */
  readonly listedAs: string;
}

/** A mutable copy of a tree. */
export function createFolder(tree: Tree, listedAs = ""): Folder {
  const children = new Map<string, Leaf | Folder>();
  for (const [name, node] of Object.entries(tree)) {
    if (isLeaf(node)) children.set(name, node);
    else children.set(readName(name), createFolder(node, listedName(name)));
  }
  return { children, listedAs };
}

/** Whether a node is a folder. */
export function isFolder(node: Leaf | Folder): node is Folder {
  return typeof node === "object" && "children" in node;
}

function readName(name: string): string {
  return /^\d+=/.test(name) ? name.slice(0, name.indexOf("=")) : name;
}

function listedName(name: string): string {
  return /^\d+=/.test(name) ? name : `${name}/`;
}
