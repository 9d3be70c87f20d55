import type { ExistingFile } from "../../model/host-state.ts";
import type { Link } from "../../model/link.ts";
import { macOfOwnPath, ownMark } from "../../model/own-files.ts";

/**
 * The MACs whose files of ours are left from another machine: an image baked elsewhere carries them
 * along. A MAC that IMDS lists, or that any link here has, is not retired; and where no link at all
 * could be read, nothing is known, and nothing is retired. In the order of `files`.
 */
export function retire(
  files: readonly ExistingFile[],
  listedMacs: ReadonlySet<string>,
  links: readonly Link[],
): readonly string[] {
  if (links.length === 0) return [];
  const present = new Set(links.map(({ mac }) => mac));
  const macs = files.filter(isOurs).flatMap(({ path }) => macOfOwnPath(path) ?? []);
  return [...new Set(macs)].filter((mac) => !listedMacs.has(mac) && !present.has(mac));
}

/** A file in a place of ours that does not say so is somebody else's: never removed. */
export function isOurs({ content }: ExistingFile): boolean {
  return content.slice(0, content.indexOf("\n")).includes(ownMark);
}
