import { readFileSync } from "node:fs";

/**
 * Watches the peak memory of a process (VmHWM of proc_pid_status(5)); `stop` returns the last value in
 * kB. getrusage(2) would return the peak of this process where that is higher, since a child starts as
 * its copy.
 */
export function watchPeak(
  pid: number,
  program: string,
  everyMs: number,
): { readonly stop: () => number } {
  let peakKb = 0;
  const look = setInterval(() => {
    peakKb = Math.max(peakKb, peakOf(pid, program));
  }, everyMs);
  const stop = (): number => {
    clearInterval(look);
    return peakKb;
  };
  return { stop };
}

/** 0 before the process runs the program, and after its end. */
function peakOf(pid: number, program: string): number {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${program}\0`)) return 0;
    const [, kb = "0"] =
      /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kb);
  } catch {
    return 0;
  }
}
