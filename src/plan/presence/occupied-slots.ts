import type { ExistingFile } from "../../model/plan.ts";
import type { Link, TakenPlace } from "../../model/link.ts";
import { nicsAmong } from "../config/match-nics.ts";
import { placeOf } from "../config/numbers.ts";
import { ownNics } from "../files/managed-nics.ts";

/**
 * Where the NICs that are here were when they were configured, by our own files. A file whose NIC
 * has no link here says nothing: another one may be in its place by now.
 */
export function takenPlaces(
  files: readonly ExistingFile[],
  links: readonly Link[],
): readonly TakenPlace[] {
  const nics = nicsAmong(links);
  return ownNics(files).flatMap(({ mac, index }) => {
    const link = nics.find((each) => each.mac === mac);
    return link === undefined ? [] : [{ mac, name: link.name, ...placeOf(index) }];
  });
}
