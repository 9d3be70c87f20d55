import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { ConfigFile, NetworkPlan } from "../model/plan.ts";
import { macOfManagedPath, managedDirectory } from "../model/managed-paths.ts";
import { pathBelow, type Target } from "../host/target.ts";

/** What was not done, by NIC; null: what belongs to none of them. */
export type FileFailures = ReadonlyMap<string | null, Failure>;

type FileChange = (log: Host["log"], target: Target) => Promise<void>;

/**
 * Writes and removes a plan's files on the target, each whole: the old one or the new one, whenever
 * the run is killed; what an earlier one had begun there is swept away. Where one cannot be written
 * (`CANTCREAT`, `NOPERM`), the rest of that NIC's is left as it is, and the others are done all the
 * same.
 */
export async function writeFiles(
  host: Pick<Host, "log" | "signal">,
  plan: Pick<NetworkPlan, "write" | "remove">,
  target: Target,
): Promise<FileFailures> {
  const failures = new Map<string | null, Failure>();
  // One after the other: what was done when the run is killed is the beginning of the list.
  for (const [mac, change] of listChanges(plan)) {
    host.signal.throwIfAborted();
    if (failures.has(mac)) continue;
    const failure = await catchFailure(change(host.log, target));
    if (failure !== null) failures.set(mac, failure);
  }
  return failures;
}

function listChanges({
  write,
  remove,
}: Pick<NetworkPlan, "write" | "remove">): readonly (readonly [string | null, FileChange])[] {
  return [
    ...write.map((file) => [file.mac, createWrite(file)] as const),
    ...remove.map((path) => [macOfManagedPath(path), createRemoval(path)] as const),
  ];
}

/** Nobody writes one file for so long; `fetch --output`, and runs below a root, take no lock. */
const staleTempFileMs = 600_000;

function createWrite({
  path,
  content,
  mode,
}: Pick<ConfigFile, "path" | "content" | "mode">): FileChange {
  return async (log, { files, root }) => {
    const directory = path.slice(0, path.lastIndexOf("/"));
    await files.mkdir(directory, 0o755);
    await files.removeTemporary(directory, staleTempFileMs);
    await files.write(path, content, mode);
    log.verbose(`wrote ${pathBelow(root, path)}`);
  };
}

function createRemoval(path: string): FileChange {
  return async (log, { files, root }) => {
    await files.remove(path);
    const directory = managedDirectory(path);
    if (directory !== null) await files.rmdir(directory);
    log.verbose(`removed ${pathBelow(root, path)}`);
  };
}

/** Only what was foreseen belongs to one NIC; a bug or a signal ends the run. */
async function catchFailure(work: Promise<void>): Promise<Failure | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Failure && ["CANTCREAT", "NOPERM"].includes(error.kind)) return error;
      throw error;
    },
  );
}
