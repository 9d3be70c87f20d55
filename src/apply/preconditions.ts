import { isRunningMachine } from "../host/target.ts";
import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";

/** What tells whether a run changes the machine it runs on. */
export interface MachineChange {
  readonly check: boolean;
  readonly dryRun: boolean;
  readonly root: string;
}

/** Whether a run changes the machine it runs on: it does not only look, and `--root` is no image. */
export function changesMachine({ check, dryRun, root }: MachineChange): boolean {
  return !check && !dryRun && isRunningMachine(root);
}

/**
 * Throws `NOPERM` where a run would change this machine and may not, before anything is asked: a
 * minute of waiting for IMDS ends no better. `job` is what was typed, as `hotplug sync`.
 */
export function requireRootUser(
  host: Pick<Host, "uid">,
  mode: MachineChange,
  commandName: string,
): void {
  if (host.uid === 0 || !changesMachine(mode)) return;
  const hint = "the same with sudo before it; what it would do: --dry-run";
  throw new Failure("NOPERM", `${commandName} writes below /etc, and that takes root`, { hint });
}

/**
 * Throws `USAGE` where `--root` is no folder: nobody's typing error shall become one, and better
 * before a long wait than after it.
 */
export async function requireRootDirectory(host: Pick<Host, "files">, root: string): Promise<void> {
  if ((await host.files.stat(`${root}/.`))?.kind === "directory") return;
  throw new Failure("USAGE", `--root ${root}: there is no such folder`);
}
