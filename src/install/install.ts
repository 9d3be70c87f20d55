import { isRunningMachine, type TargetHost } from "../host/target.ts";
import { exitCodes } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Installation, InstallPlan } from "./units/model.ts";
import {
  describeInstall,
  describeInstallActions,
  type InstallLocation,
  installOutcome,
  renderInstallResult,
} from "./report.ts";
import { runExclusively } from "../apply/lock.ts";
import { resolveProgram } from "./program.ts";
import { requireRootUser } from "../apply/preconditions.ts";
import { applyInstall } from "./apply.ts";
import { findDhcpHooks, inspectInstall } from "./inspect.ts";
import { parentDirectories } from "../model/managed-paths.ts";
import { createdDirectoriesPath, planInstall, planUninstall } from "./plan.ts";
import { renderInstallation } from "./units/installation.ts";

export interface InstallOptions {
  /** `/` for the machine itself. */
  readonly root: string;
  /** With the hooks of DHCP clients. */
  readonly withDhcpHooks: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** How long another run is waited for. */
const lockTimeoutMs = 60_000;

/** `hotplug --install`; gives the exit status. Throws what `runJob` throws. */
export function runInstall(host: TargetHost, options: InstallOptions): Promise<number> {
  return runJob(host, options, "install");
}

/** `hotplug --uninstall`; gives the exit status. Throws what `runJob` throws. */
export function runUninstall(host: TargetHost, options: InstallOptions): Promise<number> {
  return runJob(host, options, "uninstall");
}

/**
 * Throws `NOPERM` without the rights, `USAGE` for a program at a path that units cannot start, and
 * what `install` throws.
 */
async function runJob(
  host: TargetHost,
  options: InstallOptions,
  job: "install" | "uninstall",
): Promise<number> {
  const { root, dryRun, withDhcpHooks } = options;
  requireRootUser(host, options, `hotplug --${job}`);
  const program = job === "install" ? await resolveProgram(host) : null;
  const request = { program, withDhcpHooks, dryRun };
  const mode = { dryRun, timeoutMs: lockTimeoutMs };
  const plan = await runExclusively(host, mode, () => install(host, request));
  await reportInstall(host, options, { root, plan, program });
  return exitCodes.OK;
}

interface InstallReport extends InstallLocation {
  readonly plan: InstallPlan;
}

async function reportInstall(
  host: Pick<Host, "clock" | "log" | "print">,
  { dryRun, json }: InstallOptions,
  { plan, ...place }: InstallReport,
): Promise<void> {
  const { program } = place;
  const elapsedMs = Math.round(host.clock.now());
  if (json) await host.print(renderInstallResult({ dryRun, program, plan, elapsedMs }));
  else if (dryRun) await host.print(describeInstall(plan, place));
  if (dryRun) return;
  if (!json) for (const action of describeInstallActions(plan, place)) host.log.info(action);
  for (const note of plan.notes) host.log.warn(note);
  for (const { name, files, commands } of plan.competitors) {
    const where = files.join(", ");
    host.log.warn(`${name} is active here, too (${where})`, commands.join(" && "));
  }
  host.log.info(summarizeInstall({ plan, ...place }));
}

function summarizeInstall({ plan, program, root }: InstallReport): string {
  const isChanged = installOutcome({ plan, program }) !== "unchanged";
  const where = isRunningMachine(root) ? "" : ` below ${root}`;
  if (program === null) {
    if (!isChanged) return `nothing to uninstall${where}`;
    return `uninstalled${where}; files that configure NICs (their names have ec2nic-MAC) stay`;
  }
  return `${isChanged ? "installed" : "installed already"}${where}: units start ${program}`;
}

export interface InstallRequest {
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
 * Puts udev's rules, the units and the hooks in place on the target, or removes them; gives what was
 * done. On an image only files and links are made, and no command is run. Throws what `applyInstall`
 * throws.
 */
export async function install(
  host: Pick<TargetHost, "exec" | "files" | "log" | "signal" | "target">,
  request: InstallRequest,
): Promise<InstallPlan> {
  const { program, dryRun } = request;
  const installation = await buildInstallation(host.target, request);
  const paths = [...installation.files, ...installation.links].map(({ path }) => path);
  const directories = [...new Set([...paths, createdDirectoriesPath].flatMap(parentDirectories))];
  const facts = await inspectInstall(host, {
    directories,
    madeListPath: createdDirectoriesPath,
  });
  const plan = program === null ? planUninstall(facts) : planInstall(installation, facts);
  if (!dryRun) await applyInstall(host, plan);
  return plan;
}

async function buildInstallation(
  target: Pick<Host, "files">,
  { program, withDhcpHooks }: InstallRequest,
): Promise<Installation> {
  if (program === null) return { files: [], links: [] };
  const clients = withDhcpHooks ? await findDhcpHooks(target) : null;
  return renderInstallation(program, clients);
}
