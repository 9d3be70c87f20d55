import { readdirSync, readFileSync } from "node:fs";
import { startTrap } from "../program/trap-server.ts";
import { fuzzSockets } from "./fuzz-host.ts";
import { startFuzzServer } from "./fuzz-server.ts";
import type { FuzzService } from "./fuzz-service.ts";
import { latin1 } from "./mutations/raw-answer.ts";
import { type RoundServer, type PlayedRound, playRound } from "./play-round.ts";

export interface Campaign {
  readonly seed: number;
  /** It ends when so many mutated answers have been sent. */
  readonly answers: number;
  /** Rounds at the same time. */
  readonly concurrency: number;
  /** It ends after so long, too. */
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
  /** `seed N: what`. */
  readonly findings: readonly string[];
  /** Between rounds, at equal distances. */
  readonly usage: readonly Usage[];
  readonly elapsedMs: number;
}

const samples = 50;

/** Plays rounds, seed after seed, until enough mutated answers were sent. */
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

/** One round alone, as its seed says. */
export async function replay(seed: number): Promise<PlayedRound> {
  await using trap = await startTrap();
  using crashes = catchCrashes();
  const roundServer = openRoundServer();
  const played = await playRound(roundServer, fuzzSockets(), seed, trap.url);
  roundServer.server.stop();
  const strays = trap.received.map((request) => `a request to another host: ${request}`);
  return { ...played, faults: [...played.faults, ...crashes.take(), ...strays] };
}

/** A server of its own, that serves nothing yet. */
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

/** What nobody caught is a finding, and not the end. */
function catchCrashes() {
  const caught: string[] = [];
  const note = (error: unknown): void =>
    void caught.push(
      `nobody caught: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  return {
    take: () => caught.splice(0),
    [Symbol.dispose]: () => {
      process.off("uncaughtException", note);
      process.off("unhandledRejection", note);
    },
  };
}

async function usageNow(): Promise<Usage> {
  await Bun.sleep(50); // what was hung up is closed
  Bun.gc(true);
  const [, pages = "0"] = readFileSync("/proc/self/statm", "utf8").split(" ");
  return { rssMb: (Number(pages) * 4096) / 1e6, descriptors: readdirSync("/proc/self/fd").length };
}

/** A heap that has found its size still swings by so much. */
const swingMb = 150;
/** Connections that are being closed at the moment of the look. */
const swingDescriptors = 8;

/** What has grown from the first fifth of a campaign to its last; none where nothing has. */
export function findLeaks(usage: readonly Usage[]): readonly string[] {
  const { first, last } = firstAndLastUsage(usage);
  const memory = last.rssMb > first.rssMb + swingMb;
  const descriptors = last.descriptors > first.descriptors + swingDescriptors;
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
