import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { pathBelow, type Target } from "../host/target.ts";
import { macOfManagedPath, managedDirectory } from "../model/managed-paths.ts";
import type { ConfigFile, NetworkPlan } from "../model/plan.ts";
import { directoryOf } from "../model/text.ts";

/** The failures of NICs, by MAC; null: of what concerns all NICs. */
export type FailuresByMac = ReadonlyMap<string | null, Failure>;

type FileChange = readonly [mac: string | null, change: () => Promise<void>];

/**
 * Writes and removes a plan's files on the target, and removes the temporary files of killed runs. At
 * any moment, each file is the old one or the new one. If a file cannot be written (`CANTCREAT`,
 * `NOPERM`), the other files of that NIC are not changed, and those of other NICs are.
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
  // in sequence: a killed run has then done the first part of the list
  for (const [mac, change] of changes) {
    signal.throwIfAborted();
    if (failures.has(mac)) continue;
    const failure = await catchFailure(change());
    if (failure !== null) failures.set(mac, failure);
  }
  return failures;
}

/** Writing one file never takes this long. `fetch --output` and runs below a root take no lock. */
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

/** Only expected failures belong to one NIC: a defect or a signal ends the run. */
async function catchFailure(work: Promise<void>): Promise<Failure | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Failure && ["CANTCREAT", "NOPERM"].includes(error.kind)) return error;
      throw error;
    },
  );
}
