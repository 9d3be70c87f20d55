import type { ExistingFile } from "../../model/plan.ts";
import type { Link, OccupiedSlot } from "../../model/link.ts";
import { filterNicLinks } from "../config/match-nics.ts";
import { slotOfIndex } from "../config/table-numbers.ts";
import { parseManagedNics } from "../files/managed-nics.ts";

/**
 * The slots of the present NICs, as our files recorded them. The file of a NIC without a link is
 * ignored, because another NIC may have the slot by now.
 */
export function findOccupiedSlots(
  files: readonly ExistingFile[],
  links: readonly Link[],
): readonly OccupiedSlot[] {
  const nics = filterNicLinks(links);
  return parseManagedNics(files).flatMap(({ mac, index }) => {
    const link = nics.find((each) => each.mac === mac);
    return link === undefined ? [] : [{ mac, name: link.name, ...slotOfIndex(index) }];
  });
}
