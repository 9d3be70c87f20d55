import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { pathBelow, type Target } from "../host/target.ts";
import { macOfManagedPath, managedDirectory } from "../model/managed-paths.ts";
import type { ConfigFile, NetworkPlan } from "../model/plan.ts";
import { directoryOf } from "../model/text.ts";

/** Failures by the MAC of their NIC; the key null is for a failure that concerns all NICs. */
export type FailuresByMac = ReadonlyMap<string | null, Failure>;

type FileChange = readonly [mac: string | null, change: () => Promise<void>];

/** A failure of such a kind concerns one file. Any other error, or a signal, ends the run. */
const fileFailureKinds = new Set<string>(["CANTCREAT", "NOPERM"]);

/**
 * Writes and removes a plan's files on the target, and removes the temporary files of killed runs.
 * Each file is replaced atomically. After a failure to write one (`CANTCREAT`, `NOPERM`), the later
 * files of the same NIC are not changed, but the files of other NICs are.
 */
export async function writeFiles(
  { log, signal }: Pick<Host, "log" | "signal">,
  { write, remove }: Pick<NetworkPlan, "write" | "remove">,
  target: Target,
): Promise<FailuresByMac> {
  const changes: readonly FileChange[] = [
    ...write.map((file) => [file.mac, () => writeFile(log, target, file)] as const),
    ...remove.map((path) => [macOfManagedPath(path), () => removeFile(log, target, path)] as const),
  ];
  const failures = new Map<string | null, Failure>();
  // one after the other, so that a killed run has done the first part of the list
  for (const [mac, change] of changes) {
    signal.throwIfAborted();
    if (failures.has(mac)) continue;
    try {
      await change();
    } catch (error) {
      if (!(error instanceof Failure) || !fileFailureKinds.has(error.kind)) throw error;
      failures.set(mac, error);
    }
  }
  return failures;
}

/** Younger temporary files may be in use, because `fetch --output` and `--root` take no lock. */
const staleTempFileMs = 600_000;

async function writeFile(
  log: Host["log"],
  { files, root }: Target,
  { path, content, mode }: ConfigFile,
): Promise<void> {
  const directory = directoryOf(path);
  await files.mkdir(directory, 0o755);
  await files.removeTemporary(directory, staleTempFileMs);
  await files.write(path, content, mode);
  log.verbose(`wrote ${pathBelow(root, path)}`);
}

async function removeFile(log: Host["log"], { files, root }: Target, path: string): Promise<void> {
  await files.remove(path);
  const directory = managedDirectory(path);
  if (directory !== null) await files.rmdir(directory);
  log.verbose(`removed ${pathBelow(root, path)}`);
}
