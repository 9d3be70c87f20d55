import type { Host } from "../host/host.ts";
import type { InstallPlan, UnitLink } from "./units/model.ts";
import { runSteps } from "../apply/run-steps.ts";
import { refuseSymlinkedDirectories, underRoot } from "../host/target-root.ts";
import { writeFiles } from "../apply/write-files.ts";

type InstallHost = Pick<Host, "exec" | "files" | "log" | "signal">;

/**
 * Carries out what `--install` or `--uninstall` plans, below `root`. Each file and link is the old
 * one or the new one, whenever it is ended; run again, it does what is left. Throws `CANTCREAT`,
 * `NOPERM`, and `OSERR` where a daemon does not take it up.
 */
export async function applyInstall(
  host: InstallHost,
  plan: InstallPlan,
  root: string,
): Promise<void> {
  for (const { failure } of await runSteps(host, plan.stepsBefore)) {
    host.log.warn(`${failure.message}, ignoring`);
  }
  const fileFailure = (await writeFiles(host, plan, root)).get(null);
  if (fileFailure !== undefined) throw fileFailure;
  for (const link of plan.links) await createUnitLink(host, root, link);
  const [failed] = await runSteps(host, plan.steps);
  await removeDirectories(host, plan, root);
  if (failed !== undefined) throw failed.failure;
}

/** The list of them goes when they have gone; then what it lay in, where there was not even /etc. */
async function removeDirectories(
  host: InstallHost,
  { removeFolders: directories, removeLast }: InstallPlan,
  root: string,
): Promise<void> {
  for (const folder of directories) await removeDirectory(host, root, folder);
  const fileFailure = (await writeFiles(host, { write: [], remove: removeLast }, root)).get(null);
  if (fileFailure !== undefined) throw fileFailure;
  for (const directory of directories) await removeDirectory(host, root, directory);
}

async function createUnitLink(
  host: Pick<Host, "files" | "log">,
  root: string,
  { path, target }: UnitLink,
): Promise<void> {
  await refuseSymlinkedDirectories(host, root, path);
  const rootedPath = underRoot(root, path);
  await host.files.mkdir(rootedPath.slice(0, rootedPath.lastIndexOf("/")), 0o755);
  await host.files.symlink(rootedPath, target);
  host.log.verbose(`linked ${rootedPath} to ${target}`);
}

async function removeDirectory(
  host: Pick<Host, "files">,
  root: string,
  directory: string,
): Promise<void> {
  await refuseSymlinkedDirectories(host, root, directory);
  await host.files.rmdir(underRoot(root, directory));
}
