import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Step } from "../model/plan.ts";

/** A step that failed; the steps after it that are for the same NIC were not run. */
interface StepFailure {
  /** null: it was for every NIC that changed. */
  readonly mac: string | null;
  readonly failure: Failure;
}

/**
 * Runs the steps in order, each shown before it runs. What fails for one NIC does not stop the
 * others; what fails for all ends the list. Throws the signal's reason between steps.
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
  step: Step,
): Promise<Failure | null> {
  const { argv, timeoutMs, reason } = step;
  const commandLine = argv.join(" ");
  host.log.verbose(`running ${commandLine} (${reason})`);
  const run = () => host.exec(argv, { timeoutMs });
  const { preservesDirectory } = step;
  const { code, stderr, stdout } = await (preservesDirectory === undefined
    ? run()
    : preserveInodes(host, preservesDirectory, run));
  if (code === 0) return null;
  if (step.alreadyDoneMessage !== undefined && stderr.includes(step.alreadyDoneMessage))
    return null;
  const [firstLine = ""] = (stderr.trim() || stdout.trim()).split("\n");
  const problem = code === 127 ? "there is no such command" : `ended with ${code}`;
  return new Failure(
    "OSERR",
    `${commandLine}: ${problem}${firstLine === "" ? "" : `: ${firstLine}`}`,
    {
      hint: "its own log tells more: journalctl -b -u systemd-networkd -u NetworkManager",
    },
  );
}

type FilesHost = Pick<Host, "files">;

/** On the file system of what is kept, /run: a second name cannot lie on another. */
const asideDirectory = "/run/ec2nic/kept";

/**
 * Does `work`, which makes the files of a folder anew, and puts back the very file where one comes
 * out as it was: networkd configures a link anew when its file has another inode or time, whatever
 * is in it (systemd, stat_inode_unmodified), and the primary would lose its IPv6 address for seconds
 * because another NIC came. Throws what `work` throws, `NOPERM` and `CANTCREAT`.
 */
export async function preserveInodes<T>(
  host: FilesHost,
  directory: string,
  work: () => Promise<T>,
): Promise<T> {
  await host.files.mkdir(asideDirectory, 0o700);
  for (const leftover of await host.files.list(asideDirectory))
    await host.files.remove(`${asideDirectory}/${leftover}`);
  const names = await listPlainFiles(host, directory);
  for (const name of names)
    await host.files.hardLink(`${asideDirectory}/${name}`, `${directory}/${name}`);
  try {
    return await work();
  } finally {
    for (const name of names) await restoreIfUnchanged(host, directory, name);
    await host.files.rmdir(asideDirectory);
  }
}

/** Not its folders, nor links, which point to what is somebody else's. */
async function listPlainFiles({ files }: FilesHost, directory: string): Promise<readonly string[]> {
  const names = await files.list(directory);
  const stats = await Promise.all(names.map((name) => files.stat(`${directory}/${name}`)));
  return names.filter((_, at) => stats[at]?.kind === "file");
}

async function restoreIfUnchanged(
  { files }: FilesHost,
  directory: string,
  name: string,
): Promise<void> {
  const [keptPath, currentPath] = [`${asideDirectory}/${name}`, `${directory}/${name}`];
  const isSame =
    (await readFingerprint({ files }, keptPath)) ===
    (await readFingerprint({ files }, currentPath));
  if (isSame) await files.move(keptPath, currentPath);
  await files.remove(keptPath); // of two names of one file, a move leaves both
}

/** What a file is for whoever reads it; null where there is none. */
async function readFingerprint({ files }: FilesHost, path: string): Promise<string | null> {
  const stat = await files.stat(path);
  const bytes = stat?.kind === "file" ? await files.read(path) : null;
  if (stat === null || bytes === null) return null;
  return `${stat.mode} ${stat.uid} ${new TextDecoder().decode(bytes)}`;
}
