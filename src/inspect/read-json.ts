import * as v from "valibot";
import type { FileHost } from "../host/host.ts";
import { readText } from "./read-file.ts";

/**
 * The content of one of our own JSON files; null if there is none, or if it does not match `schema`
 * (an interrupted write, or a file of another version). Throws like `readText`.
 */
export async function readJson<S extends v.GenericSchema>(
  host: FileHost,
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), await readText(host, path));
  return parsed.success ? parsed.output : null;
}
