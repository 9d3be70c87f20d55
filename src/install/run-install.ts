import { isThisMachine } from "../host/target-root.ts";
import { exitCodes } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { InstallPlan } from "../model/installation.ts";
import { describeInstall, type InstallPlace, installDeeds } from "./describe-install.ts";
import { outcomeOf, renderInstallResult } from "./install-result.ts";
import { alone } from "../commands/configure/carry-out.ts";
import type { HotplugOptions } from "../commands/hotplug/options.ts";
import { install } from "./install.ts";
import { programFor } from "./program-for.ts";
import { requireRights } from "../apply/require-rights.ts";

type InstallOptions = Pick<
  HotplugOptions,
  "check" | "dryRun" | "job" | "json" | "root" | "timeout" | "withDhcpHooks"
>;

/**
 * `--install` and `--uninstall`; gives the exit status. Throws `NOPERM`, `USAGE` for a program that
 * lies where none can be started, and what `install` throws.
 */
export async function runInstall(host: Host, options: InstallOptions): Promise<number> {
  const { job, root, dryRun, withDhcpHooks } = options;
  requireRights(host, options, `hotplug --${job}`);
  const program = job === "install" ? await programFor(host, root) : null;
  const wish = { root, program, withDhcpHooks, dryRun };
  const plan = await alone(host, options, () => install(host, wish));
  await report(host, options, { root, plan, program });
  return exitCodes.OK;
}

interface Done extends InstallPlace {
  readonly plan: InstallPlan;
}

async function report(
  host: Pick<Host, "clock" | "log" | "print">,
  { dryRun, json }: InstallOptions,
  { plan, ...place }: Done,
): Promise<void> {
  const { program } = place;
  const elapsedMs = Math.round(host.clock.now());
  if (json) await host.print(renderInstallResult({ dryRun, program, plan, elapsedMs }));
  else if (dryRun) await host.print(describeInstall(plan, place));
  if (dryRun) return;
  if (!json) for (const deed of installDeeds(plan, place)) host.log.info(deed);
  for (const note of plan.notes) host.log.warn(note);
  for (const { name, seenBy, commands } of plan.competitors) {
    const where = seenBy.join(", ");
    host.log.warn(`${name} is active here, too (${where})`, commands.join(" && "));
  }
  host.log.info(summary({ plan, ...place }));
}

function summary({ plan, program, root }: Done): string {
  const isChanged = outcomeOf({ plan, program }) !== "unchanged";
  const where = isThisMachine(root) ? "" : ` below ${root}`;
  if (program === null) {
    if (!isChanged) return `nothing to uninstall${where}`;
    return `uninstalled${where}; files that configure NICs (their names have ec2nic-MAC) stay`;
  }
  return `${isChanged ? "installed" : "installed already"}${where}: units start ${program}`;
}
