import type { FileHost } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import { type InterruptedRun, interruptedRunSchema } from "../model/run-records.ts";

export const interruptedRunPath = "/run/ec2nic/unfinished.json";

/** The record of a killed run; null if there is none, or if it cannot be read. */
export function readInterruptedRun(host: FileHost): Promise<InterruptedRun | null> {
  return readJson(host, interruptedRunPath, interruptedRunSchema).catch(() => null);
}

/** Must be called before the first change. Throws `NOPERM` or `CANTCREAT`. */
export function markRunStarted({ files }: FileHost, run: InterruptedRun): Promise<void> {
  // JSON leaves out functions, so nothing but the record is written
  return files.write(interruptedRunPath, JSON.stringify(run), 0o600);
}

/** Must be called after the last verification. Throws `NOPERM` or `CANTCREAT`. */
export function markRunFinished({ files }: FileHost): Promise<void> {
  return files.remove(interruptedRunPath);
}
