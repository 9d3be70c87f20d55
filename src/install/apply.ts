import type { Host } from "../host/host.ts";
import type { InstallPlan, UnitLink } from "./units/model.ts";
import { runSteps } from "../apply/run-steps.ts";
import { refuseLinksBelow, underRoot } from "../host/target-root.ts";
import { writeFiles } from "../apply/write-files.ts";

type InstallHost = Pick<Host, "exec" | "files" | "log" | "signal">;

/**
 * Carries out what `--install` or `--uninstall` plans, below `root`. Each file and link is the old
 * one or the new one, whenever it is ended; run again, it does what is left. Throws `CANTCREAT`,
 * `NOPERM`, and `OSERR` where a daemon does not take it up.
 */
export async function carryOutInstall(
  host: InstallHost,
  plan: InstallPlan,
  root: string,
): Promise<void> {
  for (const { failure } of await runSteps(host, plan.before)) {
    host.log.warn(`${failure.message}, ignoring`);
  }
  const unwritten = (await writeFiles(host, plan, root)).get(null);
  if (unwritten !== undefined) throw unwritten;
  for (const link of plan.links) await makeLink(host, root, link);
  const [failed] = await runSteps(host, plan.steps);
  await removeFolders(host, plan, root);
  if (failed !== undefined) throw failed.failure;
}

/** The list of them goes when they have gone; then what it lay in, where there was not even /etc. */
async function removeFolders(
  host: InstallHost,
  { removeFolders: folders, removeLast }: InstallPlan,
  root: string,
): Promise<void> {
  for (const folder of folders) await removeFolder(host, root, folder);
  const unwritten = (await writeFiles(host, { write: [], remove: removeLast }, root)).get(null);
  if (unwritten !== undefined) throw unwritten;
  for (const folder of folders) await removeFolder(host, root, folder);
}

async function makeLink(
  host: Pick<Host, "files" | "log">,
  root: string,
  { path, target }: UnitLink,
): Promise<void> {
  await refuseLinksBelow(host, root, path);
  const place = underRoot(root, path);
  await host.files.makeFolder(place.slice(0, place.lastIndexOf("/")), 0o755);
  await host.files.link(place, target);
  host.log.verbose(`linked ${place} to ${target}`);
}

async function removeFolder(
  host: Pick<Host, "files">,
  root: string,
  folder: string,
): Promise<void> {
  await refuseLinksBelow(host, root, folder);
  await host.files.removeFolder(underRoot(root, folder));
}
