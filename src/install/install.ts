import { carryOutInstall } from "./apply.ts";
import { inspectInstall } from "./inspect-install.ts";
import type { Host } from "../host/host.ts";
import { findDhcpHooks } from "./find-dhcp-hooks.ts";
import type { InstallPlan, Installation } from "../model/installation.ts";
import { foldersAbove, madeFoldersPath, planInstall, planUninstall } from "./plan-install.ts";
import { renderInstallation } from "./units/installation.ts";

export interface InstallWish {
  /** `/` for the machine itself; elsewhere only files and links are made, and no command is run. */
  readonly root: string;
  /**
   * The absolute path of the executable, as the machine will have it; null: `--uninstall`, whatever
   * was installed.
   */
  readonly program: string | null;
  /** With the hooks of the DHCP clients that are there; without, those that are installed go. */
  readonly withDhcpHooks: boolean;
  readonly dryRun: boolean;
}

/**
 * Puts udev's rules, the units and the hooks in place, or takes them away; gives what was done.
 * Throws what `carryOutInstall` throws.
 */
export async function install(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  wish: InstallWish,
): Promise<InstallPlan> {
  const { root, program, dryRun } = wish;
  const wanted = await wantedFor(host, wish);
  const paths = [...wanted.files, ...wanted.links].map(({ path }) => path);
  const folders = [...new Set([...paths, madeFoldersPath].flatMap(foldersAbove))];
  const facts = await inspectInstall(host, root, { folders, note: madeFoldersPath });
  const plan = program === null ? planUninstall(facts) : planInstall(wanted, facts);
  if (!dryRun) await carryOutInstall(host, plan, root);
  return plan;
}

async function wantedFor(
  host: Pick<Host, "files">,
  { root, program, withDhcpHooks }: InstallWish,
): Promise<Installation> {
  if (program === null) return { files: [], links: [] };
  const clients = withDhcpHooks ? await findDhcpHooks(host, root.replace(/\/+$/, "")) : null;
  return renderInstallation(program, clients);
}
