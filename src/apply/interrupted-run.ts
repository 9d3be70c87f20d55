import type { FileHost } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import { type InterruptedRun, interruptedRunSchema } from "../model/run-records.ts";

export const interruptedRunPath = "/run/ec2nic/unfinished.json";

/** What a killed run recorded; null: no run was killed, or the record cannot be read. */
export function readInterruptedRun(host: FileHost): Promise<InterruptedRun | null> {
  return readJson(host, interruptedRunPath, interruptedRunSchema).catch(() => null);
}

/** Call it before the first change. Throws `NOPERM` or `CANTCREAT`. */
export function markRunStarted({ files }: FileHost, run: InterruptedRun): Promise<void> {
  return files.write(interruptedRunPath, JSON.stringify(run), 0o600);
}

/** Call it after the last verification. Throws `NOPERM` or `CANTCREAT`. */
export function markRunFinished({ files }: FileHost): Promise<void> {
  return files.remove(interruptedRunPath);
}
