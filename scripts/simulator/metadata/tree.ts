/**
 * Metadata as IMDS shows it: folders and leaves. A list is a leaf of several lines
 * (`local-ipv4s`). A folder whose name is `0=NAME` is listed so, without a slash, and read as `0`:
 * that is how `public-keys/` is. A name may hold any character; in a path it is percent-encoded.
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

/** The bytes that a GET of the leaf answers: no newline at the end. */
export function leafBytes(leaf: Leaf): Uint8Array {
  if (leaf instanceof Uint8Array) return leaf;
  return new TextEncoder().encode(typeof leaf === "string" ? leaf : leaf.join("\n"));
}
