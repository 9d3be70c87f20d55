import { watchPeak } from "../../test/kit/program/peak-memory.ts";

const lookEveryMs = 2;

/** The peak of a process, in kB, as it was seen last. */
export async function peakMemory(argv: readonly string[]): Promise<number> {
  const child = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "inherit"] });
  const peak = watchPeak(child.pid, argv[0] ?? "", lookEveryMs);
  const code = await child.exited;
  const peakKb = peak.stop();
  if (code !== 0) throw new Error(`${argv.join(" ")} ended with ${code}`);
  return peakKb;
}
