import { runSteps } from "../apply/run-steps.ts";
import { writeFiles } from "../apply/write-files.ts";
import { pathBelow, type TargetHost } from "../host/target.ts";
import { directoryOf } from "../model/text.ts";
import type { InstallPlan } from "./units/model.ts";

type InstallHost = Pick<TargetHost, "exec" | "files" | "log" | "signal" | "target">;

/**
 * Applies the plan of `--install` or `--uninstall` to the target. Each file and link is replaced
 * atomically; after an interruption, the next run does the rest. Throws `CANTCREAT` or `NOPERM` if
 * a file cannot be written, `OSERR` if a command fails.
 */
export async function applyInstall(host: InstallHost, plan: InstallPlan): Promise<void> {
  const { files, root } = host.target;
  for (const { failure } of await runSteps(host, plan.stepsBefore)) {
    host.log.warn(`${failure.message}; the run continues`);
  }
  await writeOrThrow(host, plan);
  for (const { path, target } of plan.links) {
    await files.mkdir(directoryOf(path), 0o755);
    await files.symlink(path, target);
    host.log.verbose(`linked ${pathBelow(root, path)} to ${target}`);
  }
  const [failed] = await runSteps(host, plan.steps);
  for (const directory of plan.removeDirectories) await files.rmdir(directory);
  await writeOrThrow(host, { write: [], remove: plan.removeLast });
  // again, because the list of directories may have been the last file in one of them
  for (const directory of plan.removeDirectories) await files.rmdir(directory);
  if (failed !== undefined) throw failed.failure;
}

async function writeOrThrow(
  host: InstallHost,
  changes: Pick<InstallPlan, "write" | "remove">,
): Promise<void> {
  const failure = (await writeFiles(host, changes, host.target)).get(null);
  if (failure !== undefined) throw failure;
}
