import { Failure } from "../exit.ts";
import type { TargetHost } from "../host/target.ts";

/** The options that decide whether a run changes anything. */
export interface RunMode {
  readonly check?: boolean;
  readonly dryRun: boolean;
}

/** Whether a run changes the running machine: not with `--check` or `--dry-run`, nor on an image. */
export function changesMachine(
  { target }: Pick<TargetHost, "target">,
  { check = false, dryRun }: RunMode,
): boolean {
  return !check && !dryRun && target.isThisMachine;
}

/**
 * Throws `NOPERM` if the run would change this machine and is not root's. Called before IMDS is
 * asked, so that the error does not come after a minute. `commandName`: as typed, `hotplug sync`.
 */
export function requireRootUser(
  host: Pick<TargetHost, "target" | "uid">,
  mode: RunMode,
  commandName: string,
): void {
  if (host.uid === 0 || !changesMachine(host, mode)) return;
  const hint = "run it with sudo, or preview with --dry-run";
  throw new Failure("NOPERM", `${commandName} writes below /etc and needs root`, { hint });
}

/** Throws `USAGE` if `--root` is not a directory: a mistyped one must not be created. */
export async function requireRootDirectory({
  files,
  target: { root },
}: Pick<TargetHost, "files" | "target">): Promise<void> {
  if ((await files.stat(`${root}/.`))?.kind === "directory") return;
  throw new Failure("USAGE", `--root ${root}: there is no such directory`);
}
