import { runExclusively } from "../apply/lock.ts";
import { requireRootUser } from "../apply/preconditions.ts";
import { exitCodes } from "../exit.ts";
import type { FileHost } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import { parentDirectories } from "../model/managed-paths.ts";
import { applyInstall } from "./apply.ts";
import { findDhcpHooks, inspectInstall } from "./inspect.ts";
import { createdDirectoriesPath, planInstall, planUninstall } from "./plan.ts";
import { resolveProgram } from "./program.ts";
import { reportInstall } from "./report.ts";
import { renderInstallation } from "./units/installation.ts";
import type { Installation, InstallPlan } from "./units/model.ts";

interface InstallOptions {
  /** `install` or `uninstall`. */
  readonly job: string;
  /** `/` for the running machine. */
  readonly root: string;
  /** true to install the hooks of DHCP clients too. */
  readonly withDhcpHooks: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** How long the run waits for another ec2nic process. */
const lockTimeoutMs = 60_000;

/**
 * Runs `hotplug --install` or `--uninstall`; returns the exit status. Throws `NOPERM` if the user
 * is not root, `TEMPFAIL` if another ec2nic process does not end, and what `resolveProgram` and
 * `install` throw.
 */
export async function runInstall(host: TargetHost, options: InstallOptions): Promise<number> {
  const { job, root, dryRun, withDhcpHooks } = options;
  requireRootUser(host, options, `hotplug --${job}`);
  const program = job === "install" ? await resolveProgram(host) : null;
  const request = { program, withDhcpHooks, dryRun };
  const mode = { dryRun, timeoutMs: lockTimeoutMs };
  const plan = await runExclusively(host, mode, () => install(host, request));
  await reportInstall(host, options, { root, plan, program });
  return exitCodes.OK;
}

interface InstallRequest {
  /** The absolute path of the executable on the target; null for `--uninstall`. */
  readonly program: string | null;
  /** true to install hooks for the DHCP clients on the target, false to remove existing ones. */
  readonly withDhcpHooks: boolean;
  readonly dryRun: boolean;
}

/**
 * Installs udev rules, units and hooks on the target, or removes them; returns the plan. On an
 * image, runs no commands. Throws what `applyInstall` throws.
 */
export async function install(
  host: Pick<TargetHost, "exec" | "files" | "log" | "signal" | "target">,
  request: InstallRequest,
): Promise<InstallPlan> {
  const { program, dryRun } = request;
  const installation = await buildInstallation(host.target, request);
  const paths = [...installation.files, ...installation.links].map(({ path }) => path);
  const directories = [...new Set([...paths, createdDirectoriesPath].flatMap(parentDirectories))];
  const facts = await inspectInstall(host, directories);
  const plan = program === null ? planUninstall(facts) : planInstall(installation, facts);
  if (!dryRun) await applyInstall(host, plan);
  return plan;
}

async function buildInstallation(
  target: FileHost,
  { program, withDhcpHooks }: InstallRequest,
): Promise<Installation> {
  if (program === null) return { files: [], links: [] };
  return renderInstallation(program, withDhcpHooks ? await findDhcpHooks(target) : null);
}
