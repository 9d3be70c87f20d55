import { Failure } from "../exit.ts";
import type { TargetHost } from "../host/target.ts";

/** The options that decide whether a run changes anything. */
export interface RunMode {
  readonly check?: boolean;
  readonly dryRun: boolean;
}

/** Whether a run changes the running machine, not an image and without `--check` or `--dry-run`. */
export function changesMachine(
  { target }: Pick<TargetHost, "target">,
  { check = false, dryRun }: RunMode,
): boolean {
  return !check && !dryRun && target.isThisMachine;
}

/**
 * Throws `NOPERM` if the run would change this machine but the user is not root. Called before the
 * requests to IMDS, so that the user does not wait a minute for this error. `commandName` is the
 * command as typed, for example `hotplug sync`.
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

/** Throws `USAGE` if `--root` is not a directory, because a mistyped one must not be created. */
export async function requireRootDirectory({
  files,
  target: { root },
}: Pick<TargetHost, "files" | "target">): Promise<void> {
  if ((await files.stat(`${root}/.`))?.kind === "directory") return;
  throw new Failure("USAGE", `--root ${root}: there is no such directory`);
}
