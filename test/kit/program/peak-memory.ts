import { readFileSync } from "node:fs";

/**
 * Watches the most memory that a process ever had (VmHWM of proc_pid_status(5)); `stop` gives what was
 * seen last, in kB. getrusage(2) would tell the peak of this process where that is higher, for a child
 * starts as a copy of it.
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

/** 0 before it has become the program, and when it is gone. */
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
