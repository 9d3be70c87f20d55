import * as v from "valibot";
import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { MetadataTree } from "../../model/metadata.ts";

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

/** Needed because the file can be a pipe to which no process ever writes. */
function rejectOnAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

/**
 * A tree of metadata as `ec2nic fetch` prints it. This is not a `v.record`, because that drops a
 * key with the name `__proto__`, and a tag can have this name.
 */
export const treeSchema = v.custom<MetadataTree>(isTree, "not a tree of texts and lists");

/** Deeper than every tree of `readTree`. Without a limit, a file could exhaust the stack. */
const maxSchemaDepth = 32;

function isTree(value: unknown, depth = 0): value is MetadataTree {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (depth >= maxSchemaDepth) return false;
  return Object.values(value).every((each) => isLeaf(each) || isTree(each, depth + 1));
}

function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((line) => typeof line === "string");
  return typeof value === "string";
}
