import type { Host } from "../host/host.ts";
import type { InstallPlan, UnitLink } from "./units/model.ts";
import { runSteps } from "../apply/run-steps.ts";
import { pathBelow, type Target, type TargetHost } from "../host/target.ts";
import { writeFiles } from "../apply/write-files.ts";

type InstallHost = Pick<TargetHost, "exec" | "files" | "log" | "signal" | "target">;

/**
 * Carries out what `--install` or `--uninstall` plans, on the target. Each file and link is the old
 * one or the new one, whenever it is ended; run again, it does what is left. Throws `CANTCREAT`,
 * `NOPERM`, and `OSERR` where a daemon does not take it up.
 */
export async function applyInstall(host: InstallHost, plan: InstallPlan): Promise<void> {
  for (const { failure } of await runSteps(host, plan.stepsBefore)) {
    host.log.warn(`${failure.message}, ignoring`);
  }
  const fileFailure = (await writeFiles(host, plan, host.target)).get(null);
  if (fileFailure !== undefined) throw fileFailure;
  for (const link of plan.links) await createUnitLink(host.log, host.target, link);
  const [failed] = await runSteps(host, plan.steps);
  await removeDirectories(host, plan);
  if (failed !== undefined) throw failed.failure;
}

/** The list of them goes when they have gone; then what it lay in, where there was not even /etc. */
async function removeDirectories(
  host: InstallHost,
  { removeDirectories: directories, removeLast }: InstallPlan,
): Promise<void> {
  const { target } = host;
  for (const directory of directories) await target.files.rmdir(directory);
  const fileFailure = (await writeFiles(host, { write: [], remove: removeLast }, target)).get(null);
  if (fileFailure !== undefined) throw fileFailure;
  for (const directory of directories) await target.files.rmdir(directory);
}

async function createUnitLink(
  log: Host["log"],
  { files, root }: Target,
  { path, target }: UnitLink,
): Promise<void> {
  await files.mkdir(path.slice(0, path.lastIndexOf("/")), 0o755);
  await files.symlink(path, target);
  log.verbose(`linked ${pathBelow(root, path)} to ${target}`);
}
