/**
 * Metadata as IMDS presents it: folders and leaves. A list is a leaf with several lines
 * (`local-ipv4s`). A folder named `0=NAME` is listed as `0=NAME`, without a slash, and read as `0`,
 * as in `public-keys/`. A name may contain any character; in a path it is percent-encoded.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
 */
export interface Tree {
  readonly [name: string]: Leaf | Tree;
}

export type Leaf = string | readonly string[] | Uint8Array;

/** Whether a node is a leaf, not a folder. */
export function isLeaf(node: Leaf | Tree): node is Leaf {
  return typeof node === "string" || Array.isArray(node) || node instanceof Uint8Array;
}

/** The body of a GET of the leaf: without a trailing newline. */
export function leafBytes(leaf: Leaf): Uint8Array {
  if (leaf instanceof Uint8Array) return leaf;
  return new TextEncoder().encode(typeof leaf === "string" ? leaf : leaf.join("\n"));
}
