import { carryOutInstall } from "../apply/carry-out-install.ts";
import { inspectInstall } from "../apply/inspect-install.ts";
import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { InstallPlan, Installation } from "../net/installation.ts";
import { foldersAbove, madeFoldersPath, planInstall, planUninstall } from "../plan/plan-install.ts";
import { renderInstallation } from "../render/installation.ts";
import { canStandInUnit } from "../render/unit-parts.ts";

export interface InstallWish {
  /** `/` for the machine itself; elsewhere only files and links are made, and no command is run. */
  readonly root: string;
  /** The absolute path of the executable, as the machine will have it. */
  readonly program: string;
  /** true: `--uninstall`. */
  readonly remove: boolean;
  readonly dryRun: boolean;
}

/**
 * Puts udev's rules and the units in place, or takes them away; what was done is for
 * `describeInstall`. Throws `USAGE` for a program that cannot stand in a unit, and what
 * `carryOutInstall` throws.
 */
export async function install(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  { root, program, remove, dryRun }: InstallWish,
): Promise<InstallPlan> {
  const wanted = remove ? nothing : wantedFor(program);
  const paths = [...wanted.files, ...wanted.links].map(({ path }) => path);
  const folders = [...new Set([...paths, madeFoldersPath].flatMap(foldersAbove))];
  const facts = await inspectInstall(host, root, { folders, note: madeFoldersPath });
  const plan = remove ? planUninstall(facts) : planInstall(wanted, facts);
  if (!dryRun) await carryOutInstall(host, plan, root);
  return plan;
}

const nothing: Installation = { files: [], links: [] };

function wantedFor(program: string): Installation {
  if (canStandInUnit(program)) return renderInstallation(program);
  const hint = "put it where its path has no spaces, as /usr/local/bin/ec2nic";
  throw new Failure("USAGE", `${program}: cannot stand in a unit of systemd`, { hint });
}
