import * as v from "valibot";
import { type FileHost, readText } from "./read-file.ts";

/**
 * What a JSON file of our own holds; null where there is none, or where it is not what `schema` says
 * (half a file of a write that was cut off, or a file of another version). Throws as `readText` does.
 */
export async function readJson<S extends v.GenericSchema>(
  host: FileHost,
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), await readText(host, path));
  return parsed.success ? parsed.output : null;
}
