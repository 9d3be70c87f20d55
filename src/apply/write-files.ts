import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { ConfigFile, NetworkPlan } from "../model/plan.ts";
import { macOfOwnPath, ownFolderOf } from "../model/managed-paths.ts";
import { refuseLinksBelow, underRoot } from "../host/target-root.ts";

/** What was not done, by NIC; null: what belongs to none of them. */
export type FileFailures = ReadonlyMap<string | null, Failure>;

type FileHost = Pick<Host, "files" | "log" | "signal">;
type Change = (host: FileHost, root: string) => Promise<void>;

/**
 * Writes and removes a plan's files below `root`, each whole: the old one or the new one, whenever
 * the run is killed; what an earlier one had begun there is swept away. Where one cannot be written
 * (`CANTCREAT`, `NOPERM`), the rest of that NIC's is left as it is, and the others are done all the
 * same.
 */
export async function writeFiles(
  host: FileHost,
  plan: Pick<NetworkPlan, "write" | "remove">,
  root: string,
): Promise<FileFailures> {
  const failures = new Map<string | null, Failure>();
  // One after the other: what was done when the run is killed is the beginning of the list.
  for (const [mac, change] of changesOf(plan)) {
    host.signal.throwIfAborted();
    if (failures.has(mac)) continue;
    const failure = await failureOf(change(host, root));
    if (failure !== null) failures.set(mac, failure);
  }
  return failures;
}

function changesOf({
  write,
  remove,
}: Pick<NetworkPlan, "write" | "remove">): readonly (readonly [string | null, Change])[] {
  return [
    ...write.map((file) => [file.mac, writing(file)] as const),
    ...remove.map((path) => [macOfOwnPath(path), removing(path)] as const),
  ];
}

/** Nobody writes one file for so long; `fetch --output`, and runs below a root, take no lock. */
const abandonedMs = 600_000;

function writing({ path, content, mode }: Pick<ConfigFile, "path" | "content" | "mode">): Change {
  return async ({ files, log }, root) => {
    const place = underRoot(root, path);
    await refuseLinksBelow({ files }, root, path);
    const folder = place.slice(0, place.lastIndexOf("/"));
    await files.makeFolder(folder, 0o755);
    await files.sweep(folder, abandonedMs);
    await files.write(place, content, mode);
    log.verbose(`wrote ${place}`);
  };
}

function removing(path: string): Change {
  return async ({ files, log }, root) => {
    await refuseLinksBelow({ files }, root, path);
    await files.remove(underRoot(root, path));
    const folder = ownFolderOf(path);
    if (folder !== null) await files.removeFolder(underRoot(root, folder));
    log.verbose(`removed ${underRoot(root, path)}`);
  };
}

/** Only what was foreseen belongs to one NIC; a bug or a signal ends the run. */
async function failureOf(work: Promise<void>): Promise<Failure | null> {
  return work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof Failure && ["CANTCREAT", "NOPERM"].includes(error.kind)) return error;
      throw error;
    },
  );
}
