import type { Host } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import { type InterruptedRun, interruptedRunSchema } from "../model/run-records.ts";

export const interruptedRunPath = "/run/ec2nic/unfinished.json";

/** What a run that was killed left; null: no run was, or it cannot be read, and nothing is known. */
export function readInterruptedRun(host: Pick<Host, "files">): Promise<InterruptedRun | null> {
  return readJson(host, interruptedRunPath, interruptedRunSchema).catch(() => null);
}

/** Before the first change. Throws `NOPERM` or `CANTCREAT`. */
export async function markRunStarted(
  host: Pick<Host, "files">,
  run: InterruptedRun,
): Promise<void> {
  await host.files.write(interruptedRunPath, JSON.stringify(run), 0o600);
}

/** After the last check. */
export async function markRunFinished(host: Pick<Host, "files">): Promise<void> {
  await host.files.remove(interruptedRunPath);
}
