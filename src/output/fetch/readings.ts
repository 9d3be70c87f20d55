import { Failure } from "../../exit.ts";
import {
  decodeText,
  leafValue,
  type MetadataPath,
  type MetadataTree,
  type Reading,
} from "../../model/metadata.ts";
import { renderEnv, toVariables } from "./env.ts";
import { renderJson } from "../json.ts";

export type FetchFormat = "text" | "json" | "env";

/**
 * The output of `fetch`. If `format` is null, one leaf is printed as text, and anything else as
 * JSON. Throws `USAGE` if text is requested for more than one leaf, and `DATAERR` if the format
 * cannot represent a value.
 */
export function renderReadings(
  readings: readonly Reading[],
  format: FetchFormat | null,
): string | Uint8Array {
  const single = readings.length === 1 ? readings[0] : undefined;
  if (format === "env") return renderEnv(toVariables(readings));
  if (single?.kind === "leaf" && format !== "json") return toTextOutput(single.path, single.bytes);
  if (format === "text") {
    const what = single === undefined ? "several keys" : `the folder ${single.name || "/"}`;
    const hint = "use --format json or --format env";
    throw new Failure("USAGE", `--format text prints one value, not ${what}`, { hint });
  }
  if (single !== undefined) return renderJson(toJson(single));
  return renderJson(Object.fromEntries(readings.map((each) => [each.name, toJson(each)])));
}

/** The value's bytes, plus a newline if they do not end with one; user-data is not changed. */
function toTextOutput(path: MetadataPath, bytes: Uint8Array): Uint8Array {
  if (path[0] === "user-data" || bytes.at(-1) === 0x0a) return bytes;
  return Uint8Array.from([...bytes, 0x0a]);
}

function toJson(reading: Reading): string | readonly string[] | MetadataTree {
  if (reading.kind === "tree") return reading.tree;
  return leafValue(reading.path, decodeText(reading.bytes, reading.path));
}
