import { startTrap } from "../program/trap-server.ts";
import { openRoundServer } from "./campaign.ts";
import { type ExecutableRun, playExecutable } from "./play-run.ts";

export interface RunReport {
  readonly runs: number;
  readonly answers: number;
  /** How often each subcommand ended with each status: `fetch 65`. */
  readonly codes: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly findings: readonly string[];
}

/** Runs the executable `count` times, a few at once, each with a fuzz service of its own. */
export async function runManyTimes(
  seed: number,
  count: number,
  concurrency: number,
): Promise<RunReport> {
  await using trap = await startTrap();
  const codes: Record<string, number> = {};
  const findings: string[] = [];
  let [next, runs, answers, slowestMs] = [seed, 0, 0, 0];
  const take = (played: ExecutableRun): void => {
    const name = `${played.args[0]} ${played.code}`;
    codes[name] = (codes[name] ?? 0) + 1;
    runs += 1;
    answers += played.answers;
    slowestMs = Math.max(slowestMs, played.elapsedMs);
    const what = `run ${played.seed} (${played.args.slice(0, 4).join(" ")})`;
    findings.push(...played.faults.map((fault) => `${what}: ${fault}`));
  };
  const play = async (): Promise<void> => {
    const roundServer = openRoundServer();
    while (next < seed + count) take(await playExecutable(roundServer, next++, trap.url));
    roundServer.server.stop();
  };
  await Promise.all(Array.from({ length: concurrency }, play));
  findings.push(...trap.received.map((request) => `a request to another host: ${request}`));
  return { runs, answers, codes, slowestMs, findings };
}
