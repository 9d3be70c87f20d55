import * as v from "valibot";
import type { MetadataTree } from "../net/metadata-tree.ts";

/** A tree of metadata as `ec2nic fetch` prints it. */
export const treeSchema: v.GenericSchema<MetadataTree> = v.record(
  v.string(),
  v.union([v.string(), v.array(v.string()), v.lazy(() => treeSchema)]),
);
