import type { NicConfig } from "../model/network-config.ts";
import { managedMark, unmanagedPath } from "../model/managed-paths.ts";

/** The comment on top of a NIC's file: whose it is, how to be rid of it, which NIC it is for. */
export function headerLines({ isPrimary, index, eniId }: NicConfig): readonly string[] {
  return [
    `# ${managedMark}, and written again at its next run`,
    `# to keep it off this NIC, list it in ${unmanagedPath} and delete this file`,
    `# ${eniId}, ${isPrimary ? "primary" : `index ${index}`}`,
  ];
}
