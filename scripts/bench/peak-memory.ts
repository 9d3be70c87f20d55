import { readFileSync } from "node:fs";

const lookEveryMs = 2;

/**
 * The peak of a process (VmHWM of proc_pid_status(5)), in kB, as it was seen last; getrusage(2)
 * would tell the peak of this process where that is higher, for a child starts as a copy of it.
 */
export async function peakMemory(argv: readonly string[]): Promise<number> {
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "inherit"] });
  let peakKb = 0;
  const look = setInterval(() => {
    peakKb = Math.max(peakKb, peakOf(child.pid, argv[0] ?? ""));
  }, lookEveryMs);
  const code = await child.exited;
  clearInterval(look);
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}`);
  return peakKb;
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
