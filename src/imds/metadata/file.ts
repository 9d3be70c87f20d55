import * as v from "valibot";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { MetadataTree } from "../../model/metadata.ts";
import { treeSchema } from "./tree-schema.ts";

/**
 * Reads metadata that `ec2nic fetch --json` has saved. Throws `NOINPUT` if the file does not exist,
 * `DATAERR` if the file contains something else.
 */
export async function readMetadataFile(
  host: Pick<Host, "files" | "signal">,
  path: string,
): Promise<MetadataTree> {
  const hint = "save the metadata in a file: ec2nic fetch --json --output FILE";
  const bytes = await rejectOnAbort(host.signal, host.files.read(path, { mayBePipe: true }));
  if (bytes === null) throw new Failure("NOINPUT", `${path}: there is no such file`, { hint });
  const schema = v.pipe(v.string(), v.parseJson(), treeSchema);
  const parsed = v.safeParse(schema, new TextDecoder().decode(bytes));
  if (parsed.success) return parsed.output;
  const problem = parsed.issues[0].message;
  throw new Failure("DATAERR", `${path}: the file does not contain metadata (${problem})`, {
    hint,
  });
}

/** Needed because the file may be a pipe to which no process ever writes. */
function rejectOnAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
