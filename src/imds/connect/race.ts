import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { type Answer, type TransientError, transientError } from "../protocol/answer.ts";
import type { PathCandidates } from "./candidates.ts";
import { describePath, type ImdsPath } from "../protocol/path.ts";

/** RFC 8305 §5, "Connection Attempt Delay". */
const attemptDelayMs = 250;

export interface Winner {
  readonly path: ImdsPath;
  readonly body: Uint8Array;
}

interface AttemptResult {
  readonly path: ImdsPath;
  readonly outcome: Answer | Failure;
}

/** Asks over one way; `stop` ends it early. */
export type Attempt = (path: ImdsPath, stop: AbortSignal) => Promise<Answer>;

/**
 * One round: heat after heat, one more every 250 ms, or as soon as the latest has failed. The
 * line-up is asked for anew each time, so that a NIC that appears meanwhile is not missed; `heat`
 * counts from 0. The first value wins and the others are stopped. A final answer (403, a redirect)
 * counts only where no other way led to a service: that may be the real one. Throws that `Failure`.
 */
export async function race(
  host: Pick<Host, "clock" | "signal">,
  listCandidates: (round: number) => Promise<PathCandidates>,
  attempt: Attempt,
): Promise<Winner | TransientError> {
  const raceAbort = new AbortController();
  const stop = AbortSignal.any([host.signal, raceAbort.signal]);
  const startAttempt = async (path: ImdsPath): Promise<AttemptResult> => {
    return { path, outcome: await attempt(path, stop).catch(expectFailure) };
  };
  const running = new Map<string, Promise<AttemptResult>>();
  const failed = new Map<string, AttemptResult>();
  try {
    for (let round = 0; ; round += 1) {
      const { rounds, exclusions } = await listCandidates(round);
      host.signal.throwIfAborted();
      const isNotTried = (way: ImdsPath): boolean => !isInAny(describePath(way), running, failed);
      const latestRound =
        rounds.map((paths) => paths.filter(isNotTried)).find((paths) => paths.length > 0) ?? [];
      for (const path of latestRound) running.set(describePath(path), startAttempt(path));
      if (running.size === 0 && round > 0) return summariseLosses([...failed.values()], exclusions);
      const result = await waitForWinner(host, { running, failed, latestRound, stop });
      if (result !== null) return result;
    }
  } finally {
    raceAbort.abort(new Error("the race is over"));
  }
}

interface RaceState {
  readonly running: Map<string, Promise<AttemptResult>>;
  readonly failed: Map<string, AttemptResult>;
  /** The heat that started last. */
  readonly latestRound: readonly ImdsPath[];
  readonly stop: AbortSignal;
}

/** The winner; null when it is time for the next heat. */
async function waitForWinner(host: Pick<Host, "clock">, state: RaceState): Promise<Winner | null> {
  const { running, failed, latestRound, stop } = state;
  if (running.size === 0) return null;
  const attemptDelay = host.clock.sleep(attemptDelayMs, stop);
  for (;;) {
    const result = await Promise.race([...running.values(), attemptDelay]);
    if (result === undefined) return null;
    const { path, outcome } = result;
    if (!(outcome instanceof Failure) && outcome.kind === "value") {
      return { path, body: outcome.body };
    }
    running.delete(describePath(path));
    failed.set(describePath(path), result);
    const isRoundFailed =
      latestRound.length > 0 && latestRound.every((each) => failed.has(describePath(each)));
    if (isRoundFailed || running.size === 0) return null;
  }
}

function isInAny(name: string, ...maps: readonly ReadonlyMap<string, unknown>[]): boolean {
  return maps.some((map) => map.has(name));
}

function expectFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

/** What a round without a winner comes to: the final answer if there was one, else the trouble. */
function summariseLosses(
  failed: readonly AttemptResult[],
  exclusions: readonly string[],
): TransientError {
  const finalFailure = failed
    .map(({ outcome }) => outcome)
    .find((outcome) => outcome instanceof Failure);
  const errors = failed.map(({ outcome }) => toTransientError(outcome));
  const answered = errors.filter(({ cause }) => cause !== "path");
  const isServiceUnreached = failed.every(
    ({ outcome }, at) => outcome instanceof Failure || errors[at]?.cause === "path",
  );
  if (finalFailure !== undefined && isServiceUnreached) throw finalFailure;
  const retryAfters = answered.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const reasons = failed.map(
    ({ path }, at) => [describePath(path), errors[at]?.reason ?? ""] as const,
  );
  return {
    reason: [...groupReasons(reasons), ...exclusions].join("; ") || "there is no way to try",
    endsAs: errors.some(({ endsAs }) => endsAs === "DATAERR") ? "DATAERR" : "UNAVAILABLE",
    retryAfterMs:
      retryAfters.length > 0 && retryAfters.length === answered.length
        ? Math.min(...retryAfters)
        : null,
    isCutByDeadline: errors.some(({ isCutByDeadline }) => isCutByDeadline),
    cause: errors.every(({ cause }) => cause === "path") ? "path" : "service",
  };
}

/** Which ways came to what: each reason once, and alone where all came to the same. */
function groupReasons(reasons: readonly (readonly [string, string])[]): readonly string[] {
  const distinct = [...new Set(reasons.map(([, reason]) => reason))];
  if (distinct.length <= 1) return distinct;
  return distinct.map((reason) => {
    const names = reasons.filter(([, each]) => each === reason).map(([name]) => name);
    return `${names.join(", ")}: ${reason}`;
  });
}

function toTransientError(outcome: Answer | Failure): TransientError {
  if (outcome instanceof Failure) return transientError(outcome.message).error;
  if (outcome.kind === "error") return outcome.error;
  return transientError("404 where a token should be", { endsAs: "DATAERR" }).error;
}
