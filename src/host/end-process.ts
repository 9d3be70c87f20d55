import { readFile } from "node:fs/promises";
import { parseProcStat } from "../model/text.ts";

/** How long to wait for the end of the process after each signal. */
const graceMs = 2000;
const pollMs = 10;

/**
 * Ends a process with SIGTERM, then SIGKILL, and waits until it has ended. Does nothing if the id
 * now belongs to another process. `startTime` is field 22 of proc_pid_stat(5).
 */
export async function endProcess(pid: number, startTime: string): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!(await isRunning(pid, startTime))) return;
    try {
      process.kill(pid, signal);
    } catch {
      // the process has ended in the meantime
    }
    const endMs = performance.now() + graceMs;
    while (performance.now() < endMs && (await isRunning(pid, startTime))) await Bun.sleep(pollMs);
  }
}

/** Whether the process runs. A zombie does not: only its parent has not yet read its status. */
async function isRunning(pid: number, startTime: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const field = parseProcStat(stat);
  return field(3) !== "Z" && field(22) === startTime;
}
