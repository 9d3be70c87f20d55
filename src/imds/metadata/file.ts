import * as v from "valibot";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { MetadataTree } from "../../model/metadata.ts";
import { treeSchema } from "./tree-schema.ts";

/**
 * Reads metadata that `ec2nic fetch --json` has saved. Throws `NOINPUT` where there is no such file,
 * `DATAERR` where it has another content.
 */
export async function readMetadataFile(
  host: Pick<Host, "files" | "signal">,
  path: string,
): Promise<MetadataTree> {
  const hint = "make one: ec2nic fetch --json --output FILE";
  const bytes = await rejectOnAbort(host.signal, host.files.read(path, { mayBePipe: true }));
  if (bytes === null) throw new Failure("NOINPUT", `${path}: there is no such file`, { hint });
  const schema = v.pipe(v.string(), v.parseJson(), treeSchema);
  const parsed = v.safeParse(schema, new TextDecoder().decode(bytes));
  if (parsed.success) return parsed.output;
  throw new Failure("DATAERR", `${path}: not a tree of metadata: ${parsed.issues[0].message}`, {
    hint,
  });
}

/** The file may be a pipe that no process ever writes to. */
function rejectOnAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
