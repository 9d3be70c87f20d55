import { Failure } from "../exit.ts";
import type { FileHost, Host } from "../host/host.ts";
import type { Step } from "../model/plan.ts";
import { describeCommandFailure } from "../model/text.ts";

/** A step that failed. Later steps for the same NIC were not run. */
interface StepFailure {
  /** null if the step was for all NICs. */
  readonly mac: string | null;
  readonly failure: Failure;
}

/**
 * Runs the steps in order. After a failed step of one NIC, the other steps of that NIC are skipped.
 * After a failed step for all NICs, no step is run any more. Throws the reason of `host.signal` if
 * the signal is aborted between two steps.
 */
export async function runSteps(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  steps: readonly Step[],
): Promise<readonly StepFailure[]> {
  const failures: StepFailure[] = [];
  for (const step of steps) {
    host.signal.throwIfAborted();
    if (step.mac !== null && failures.some(({ mac }) => mac === step.mac)) continue;
    const failure = await runStep(host, step);
    if (failure === null) continue;
    failures.push({ mac: step.mac, failure });
    if (step.mac === null) break;
  }
  return failures;
}

async function runStep(
  host: Pick<Host, "exec" | "files" | "log">,
  { argv, timeoutMs, reason, preservesDirectory, alreadyDoneMessage }: Step,
): Promise<Failure | null> {
  host.log.verbose(`running ${argv.join(" ")} (${reason})`);
  const run = () => host.exec(argv, { timeoutMs });
  const { code, stderr, stdout } = await (preservesDirectory === undefined
    ? run()
    : preserveInodes(host, preservesDirectory, run));
  if (code === 0) return null;
  if (alreadyDoneMessage !== undefined && stderr.includes(alreadyDoneMessage)) return null;
  const hint = "for details, see journalctl -b -u systemd-networkd -u NetworkManager";
  const message = describeCommandFailure(argv, code, stderr.trim() || stdout);
  return new Failure("OSERR", message, { hint });
}

/** In /run, where the preserved directory is: a hard link must be on the same file system. */
const asideDirectory = "/run/ec2nic/kept";

/**
 * Does `work`, which rewrites the files of a directory, and then restores the old inode of each
 * file whose content is the same. networkd configures a link again if its file has a new inode or
 * time, even with the same content (systemd, stat_inode_unmodified). Then the primary NIC would
 * lose its IPv6 address for seconds because of another NIC. Throws `NOPERM` or `CANTCREAT` if a
 * file cannot be linked or moved, and what `work` throws.
 */
export async function preserveInodes<T>(
  host: FileHost,
  directory: string,
  work: () => Promise<T>,
): Promise<T> {
  const { files } = host;
  await files.mkdir(asideDirectory, 0o700);
  for (const leftover of await files.list(asideDirectory)) {
    await files.remove(`${asideDirectory}/${leftover}`);
  }
  const names = await listRegularFiles(host, directory);
  for (const name of names)
    await files.hardLink(`${asideDirectory}/${name}`, `${directory}/${name}`);
  try {
    return await work();
  } finally {
    for (const name of names) {
      await restoreIfUnchanged(host, `${asideDirectory}/${name}`, `${directory}/${name}`);
    }
    await files.rmdir(asideDirectory);
  }
}

/** Leaves out symbolic links, because their targets belong to other programs. */
async function listRegularFiles(
  { files }: FileHost,
  directory: string,
): Promise<readonly string[]> {
  const names = await files.list(directory);
  const stats = await Promise.all(names.map((name) => files.stat(`${directory}/${name}`)));
  return names.filter((_, at) => stats[at]?.kind === "file");
}

async function restoreIfUnchanged(host: FileHost, oldPath: string, path: string): Promise<void> {
  const [old, current] = [await readFingerprint(host, oldPath), await readFingerprint(host, path)];
  if (old === current) await host.files.move(oldPath, path);
  await host.files.remove(oldPath); // rename(2) does nothing if both paths are the same file
}

/** Mode, owner and content of a file; null if there is no such file. */
async function readFingerprint({ files }: FileHost, path: string): Promise<string | null> {
  const stat = await files.stat(path);
  const bytes = stat?.kind === "file" ? await files.read(path) : null;
  if (stat === null || bytes === null) return null;
  return `${stat.mode} ${stat.uid} ${new TextDecoder().decode(bytes)}`;
}
