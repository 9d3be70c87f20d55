/**
 * What IMDS holds below `meta-data/`, as `ec2nic fetch` prints it: folders are objects, leaves are
 * text, leaves that list addresses or prefixes are arrays. Nothing in it is trusted yet.
 */
export type MetadataTree = {
  readonly [name: string]: string | readonly string[] | MetadataTree;
};
