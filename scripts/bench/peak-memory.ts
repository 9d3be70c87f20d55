import { watchPeak } from "../../test/kit/program/peak-memory.ts";

const readEveryMs = 2;

/** Runs a program and returns its peak memory (VmHWM) in kB. Throws where it does not exit with 0. */
export async function peakMemory(argv: readonly string[]): Promise<number> {
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "inherit"] });
  const peak = watchPeak(child.pid, argv[0] ?? "", readEveryMs);
  const code = await child.exited;
  const peakKb = peak.stop();
  if (code !== 0) throw new Error(`${argv.join(" ")} exited with ${code}`);
  return peakKb;
}
