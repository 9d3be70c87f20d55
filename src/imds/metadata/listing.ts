import { Failure } from "../../exit.ts";
import { decodeText, type MetadataPath } from "../../model/metadata.ts";
import { checkName } from "../protocol/key.ts";

/** One line of a folder's listing. */
export interface ListingEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** The children that a folder lists. */
export interface Listing {
  /** Sorted, each once. */
  readonly entries: readonly ListingEntry[];
  /** For each line that no path can contain, what is wrong: `"a/b", which holds a slash`. */
  readonly refused: readonly string[];
}

/** The longest real listing has some fifty names, those of the tags. */
const maxNames = 1000;

/**
 * Parses a folder's listing. A line is a name, and ends with a slash if the child is a folder;
 * `public-keys/` lists `0=name` for the folder `0/`. A line that could lead out of the folder (a tag
 * with a slash) is refused, and does not cost the others. Throws `DATAERR` for a page of HTML, and
 * for more than 1000 names, because a request would be queued for each name.
 */
export function parseListing(body: Uint8Array, folder: MetadataPath): Listing {
  const folderPath = folder.join("/");
  const lines = decodeText(body, folder)
    .split("\n")
    .filter((line) => line !== "");
  if (lines.length > maxNames) {
    throw new Failure("DATAERR", `${folderPath}/ lists more than ${maxNames} names`);
  }
  if (/^\s*<[!?a-z]/i.test(lines[0] ?? "")) {
    throw new Failure("DATAERR", `${folderPath}/ is a page of HTML, not a list of names`);
  }
  const entries = new Map<string, ListingEntry>();
  const refused: string[] = [];
  for (const line of lines) {
    const entry = parseLine(line, folderPath === "meta-data/public-keys");
    const problem = checkName(entry.name);
    if (problem !== null) {
      refused.push(`${JSON.stringify(line.slice(0, 80))}, which ${problem}`);
      continue;
    }
    const isFolder = entry.isFolder || entries.get(entry.name)?.isFolder === true;
    entries.set(entry.name, { name: entry.name, isFolder });
  }
  const sorted = [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { entries: sorted, refused };
}

function parseLine(line: string, isPublicKeys: boolean): ListingEntry {
  const [, index] = isPublicKeys ? (/^(\d+)=/.exec(line) ?? []) : [];
  if (index !== undefined) return { name: index, isFolder: true };
  return { name: line.replace(/\/$/, ""), isFolder: line.endsWith("/") };
}
