import { readFile } from "node:fs/promises";

const termGraceMs = 2000;
const pollMs = 10;

/**
 * Ends a process, politely first, and waits until it is gone. Nothing where the number means
 * another one by now, as its start time (field 22 of proc_pid_stat(5)) tells.
 */
export async function endProcess(pid: number, startTime: string): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!(await isRunning(pid, startTime))) return;
    kill(pid, signal);
    const endMs = performance.now() + termGraceMs;
    while (performance.now() < endMs && (await isRunning(pid, startTime))) {
      await Bun.sleep(pollMs);
    }
  }
}

/** A zombie has ended; that its parent has not looked yet is no matter. */
async function isRunning(pid: number, startTime: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [state, ...fields] = stat.replace(/^.*\) /s, "").split(" ");
  return state !== "Z" && fields[18] === startTime;
}

/** It may have ended in between. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone
  }
}
