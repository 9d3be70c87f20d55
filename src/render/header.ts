import type { NicConfig } from "../model/network-config.ts";
import { managedMark, unmanagedPath } from "../model/managed-paths.ts";

/**
 * The comment at the top of a NIC's file. It says which program wrote the file, how to exclude the
 * NIC, and which ENI the file is for. `parseManagedNics` reads it back.
 */
export function headerLines({ isPrimary, index, eniId }: NicConfig): readonly string[] {
  return [
    `# ${managedMark}, and written again at its next run`,
    `# to keep it off this NIC, list it in ${unmanagedPath} and delete this file`,
    `# ${eniId}, ${isPrimary ? "primary, " : ""}index ${index}`,
  ];
}
