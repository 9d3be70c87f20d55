import { readdirSync, readFileSync } from "node:fs";
import { startTrap } from "../program/trap-server.ts";
import { fuzzSockets } from "./fuzz-host.ts";
import { startFuzzServer } from "./fuzz-server.ts";
import type { FuzzService } from "./fuzz-service.ts";
import { latin1 } from "./mutations/raw-answer.ts";
import { type RoundServer, type PlayedRound, playRound } from "./play-round.ts";

export interface Campaign {
  readonly seed: number;
  /** The campaign ends after so many mutated answers. */
  readonly answers: number;
  /** Rounds at the same time. */
  readonly concurrency: number;
  /** The campaign ends after this time at the latest; `Infinity`: only after its answers. */
  readonly longestMs: number;
  readonly onProgress?: (report: Report) => void;
}

export interface Usage {
  readonly rssMb: number;
  readonly descriptors: number;
}

export interface Report {
  readonly rounds: number;
  readonly answers: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** `seed N: WHAT`. */
  readonly findings: readonly string[];
  /** Memory and descriptors, after each fiftieth of the answers. */
  readonly usage: readonly Usage[];
  readonly elapsedMs: number;
}

const samples = 50;

/** Plays rounds with increasing seeds until enough mutated answers are sent. */
export async function runCampaign({
  seed,
  answers,
  concurrency,
  longestMs,
  onProgress,
}: Campaign): Promise<Report> {
  await using trap = await startTrap();
  using crashes = catchCrashes();
  const sockets = fuzzSockets();
  const startMs = performance.now();
  const [kinds, outcomes]: [Record<string, number>, Record<string, number>] = [{}, {}];
  const [findings, usage]: [string[], Usage[]] = [[], []];
  let [rounds, sent, slowestMs, next] = [0, 0, 0, 0];
  const report = (): Report => ({
    rounds,
    answers: sent,
    kinds,
    outcomes,
    slowestMs,
    findings,
    usage,
    elapsedMs: performance.now() - startMs,
  });
  const take = ({ round, ...played }: PlayedRound): void => {
    rounds += 1;
    slowestMs = Math.max(slowestMs, played.slowestMs);
    sent += addUp(kinds, Object.entries(played.sent));
    addUp(
      outcomes,
      played.outcomes.map((word) => [word, 1]),
    );
    findings.push(
      ...[...played.faults, ...crashes.take()].map(
        (fault) => `seed ${round.seed} (${round.task} through ${round.via}): ${fault}`,
      ),
    );
  };
  const open = Array.from({ length: concurrency }, openRoundServer);
  for (let sample = 1; sample <= samples; sample += 1) {
    const isDone = (): boolean =>
      sent >= (answers * sample) / samples || performance.now() - startMs > longestMs;
    const play = async (roundServer: RoundServer): Promise<void> => {
      while (!isDone()) take(await playRound(roundServer, sockets, seed + next++, trap.url));
    };
    await Promise.all(open.map(play));
    usage.push(await usageNow());
    if (trap.received.length > 0)
      findings.push(`a request to another host: ${trap.received.join("; ")}`);
    onProgress?.(report());
  }
  for (const { server } of open) server.stop();
  findings.push(...findLeaks(usage));
  return report();
}

/** Plays the round of one seed. */
export async function replay(seed: number): Promise<PlayedRound> {
  await using trap = await startTrap();
  using crashes = catchCrashes();
  const roundServer = openRoundServer();
  const played = await playRound(roundServer, fuzzSockets(), seed, trap.url);
  roundServer.server.stop();
  const strays = trap.received.map((request) => `a request to another host: ${request}`);
  return { ...played, faults: [...played.faults, ...crashes.take(), ...strays] };
}

/** Starts a server without a service. */
export function openRoundServer(): RoundServer {
  let service: FuzzService | null = null;
  const nothing = { bytes: latin1(""), after: "reset", drip: null } as const;
  const server = startFuzzServer((request) => service?.answer(request) ?? nothing);
  return { server, serve: (next) => void (service = next) };
}

function addUp(
  sums: Record<string, number>,
  entries: readonly (readonly [string, number])[],
): number {
  for (const [name, count] of entries) sums[name] = (sums[name] ?? 0) + count;
  return entries.reduce((sum, [, count]) => sum + count, 0);
}

/** Collects uncaught errors, so that they become findings and do not end the process. */
function catchCrashes() {
  const caught: string[] = [];
  const collect = (error: unknown): void =>
    void caught.push(
      `uncaught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  process.on("uncaughtException", collect);
  process.on("unhandledRejection", collect);
  return {
    take: () => caught.splice(0),
    [Symbol.dispose]: () => {
      process.off("uncaughtException", collect);
      process.off("unhandledRejection", collect);
    },
  };
}

async function usageNow(): Promise<Usage> {
  await Bun.sleep(50); // connections that were terminated are closed by then
  Bun.gc(true);
  const [, pages = "0"] = readFileSync("/proc/self/statm", "utf8").split(" ");
  return { rssMb: (Number(pages) * 4096) / 1e6, descriptors: readdirSync("/proc/self/fd").length };
}

/** The heap of a process without a leak changes by this much. */
const memoryToleranceMb = 150;
/** Connections that are being closed when they are counted. */
const descriptorTolerance = 8;

/** What has grown from the first fifth of a campaign to the last; empty: nothing. */
export function findLeaks(usage: readonly Usage[]): readonly string[] {
  const { first, last } = firstAndLastUsage(usage);
  const memory = last.rssMb > first.rssMb + memoryToleranceMb;
  const descriptors = last.descriptors > first.descriptors + descriptorTolerance;
  return [
    ...(memory ? [`memory: ${Math.round(first.rssMb)} MB, then ${Math.round(last.rssMb)} MB`] : []),
    ...(descriptors ? [`descriptors: ${first.descriptors}, then ${last.descriptors}`] : []),
  ];
}

/** The medians of the first and of the last fifth. */
export function firstAndLastUsage(usage: readonly Usage[]): {
  readonly first: Usage;
  readonly last: Usage;
} {
  const fifth = Math.max(1, Math.floor(usage.length / 5));
  return { first: medians(usage.slice(0, fifth)), last: medians(usage.slice(-fifth)) };
}

function medians(usage: readonly Usage[]): Usage {
  const middle = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return {
    rssMb: middle(usage.map(({ rssMb }) => rssMb)),
    descriptors: middle(usage.map(({ descriptors }) => descriptors)),
  };
}
