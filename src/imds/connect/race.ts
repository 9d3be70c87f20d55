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
  readonly outcome: AttemptAnswer | Failure;
}

/** A 404 in the place of a token is an error. */
export type AttemptAnswer = Exclude<Answer, { kind: "absent" }>;

interface Loss {
  readonly path: ImdsPath;
  readonly error: TransientError | Failure;
}

/** Asks for a token over one path; `stop` ends it early. */
export type Attempt = (path: ImdsPath, stop: AbortSignal) => Promise<AttemptAnswer>;

/**
 * Tries the paths round after round (RFC 8305): a round starts 250 ms after the one before, or as
 * soon as that has failed. `round` counts from 0; the paths are listed anew for each round, so that
 * a NIC which has just appeared is included. The first value wins, and the other attempts are
 * stopped. Throws the `Failure` of a final answer (403, a redirect) only if no other path led to a
 * service, because that one may be the real IMDS.
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
  const failed = new Map<string, Loss>();
  try {
    for (let round = 0; ; round += 1) {
      const { rounds, exclusions } = await listCandidates(round);
      host.signal.throwIfAborted();
      const isNotTried = (path: ImdsPath): boolean =>
        ![running, failed].some((map) => map.has(describePath(path)));
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
  readonly failed: Map<string, Loss>;
  /** The paths that started last. */
  readonly latestRound: readonly ImdsPath[];
  readonly stop: AbortSignal;
}

/** The winner; null when it is time for the next round. */
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
    failed.set(describePath(path), {
      path,
      error: outcome instanceof Failure ? outcome : outcome.error,
    });
    const isRoundFailed =
      latestRound.length > 0 && latestRound.every((each) => failed.has(describePath(each)));
    if (isRoundFailed || running.size === 0) return null;
  }
}

function expectFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

/** The error of a race without a winner. Throws the final answer if there was one. */
function summariseLosses(losses: readonly Loss[], exclusions: readonly string[]): TransientError {
  const finalFailure = losses.map(({ error }) => error).find((error) => error instanceof Failure);
  const isServiceUnreached = losses.every(
    ({ error }) => error instanceof Failure || error.cause === "path",
  );
  if (finalFailure !== undefined && isServiceUnreached) throw finalFailure;
  const errors = losses.map(({ error }) =>
    error instanceof Failure ? transientError(error.message).error : error,
  );
  const answered = errors.filter(({ cause }) => cause !== "path");
  const retryAfters = answered.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const isDelayGiven = retryAfters.length > 0 && retryAfters.length === answered.length;
  return {
    reason: [...groupReasons(losses), ...exclusions].join("; ") || "no path to IMDS to try",
    endsAs: errors.some(({ endsAs }) => endsAs === "DATAERR") ? "DATAERR" : "UNAVAILABLE",
    retryAfterMs: isDelayGiven ? Math.min(...retryAfters) : null,
    isCutByDeadline: errors.some(({ isCutByDeadline }) => isCutByDeadline),
    cause: answered.length === 0 ? "path" : "service",
  };
}

/** Each reason once, after the paths it is for; without them where all have the same. */
function groupReasons(losses: readonly Loss[]): readonly string[] {
  const reasons = losses.map(({ path, error }) => ({
    name: describePath(path),
    reason: error instanceof Failure ? error.message : error.reason,
  }));
  const distinct = [...new Set(reasons.map(({ reason }) => reason))];
  if (distinct.length <= 1) return distinct;
  return distinct.map((reason) => {
    const names = reasons.filter((each) => each.reason === reason).map(({ name }) => name);
    return `${names.join(", ")}: ${reason}`;
  });
}
