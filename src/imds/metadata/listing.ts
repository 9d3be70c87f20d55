import { Failure } from "../../exit.ts";
import { decodeText, type MetadataPath } from "../../model/metadata.ts";
import { checkName } from "../protocol/key.ts";

/** One line of a folder's listing. */
export interface ListingEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** The longest real listing has some fifty names, those of the tags. */
const maxNames = 1000;

/**
 * The children that a folder lists, sorted, each once. A line is a name, and ends with a slash if
 * the child is a folder; `public-keys/` lists `0=name` for the folder `0/`.
 * Throws `DATAERR` for a name that could lead out of the folder, and for more than 1000 names,
 * because a request would be queued for each name.
 */
export function parseListing(body: Uint8Array, folder: MetadataPath): readonly ListingEntry[] {
  const folderPath = folder.join("/");
  const lines = decodeText(body, folder)
    .split("\n")
    .filter((line) => line !== "");
  if (lines.length > maxNames) {
    throw new Failure("DATAERR", `${folderPath}/ lists more than ${maxNames} names`);
  }
  const entries = new Map<string, ListingEntry>();
  for (const line of lines) {
    const entry = parseLine(line, folderPath === "meta-data/public-keys");
    const problem = checkName(entry.name);
    if (problem !== null) {
      const shown = JSON.stringify(line.slice(0, 80));
      throw new Failure("DATAERR", `${folderPath}/ lists ${shown}, which ${problem}`);
    }
    const isFolder = entry.isFolder || entries.get(entry.name)?.isFolder === true;
    entries.set(entry.name, { name: entry.name, isFolder });
  }
  return [...entries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function parseLine(line: string, isPublicKeys: boolean): ListingEntry {
  const [, index] = isPublicKeys ? (/^(\d+)=/.exec(line) ?? []) : [];
  if (index !== undefined) return { name: index, isFolder: true };
  return { name: line.replace(/\/$/, ""), isFolder: line.endsWith("/") };
}
