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

interface Loss {
  readonly path: ImdsPath;
  readonly error: TransientError | Failure;
}

/** A 404 is an error here, because every IMDS issues tokens. */
export type AttemptAnswer = Exclude<Answer, { kind: "absent" }>;

/** Requests a token over one path; `stop` ends the attempt early. */
export type Attempt = (path: ImdsPath, stop: AbortSignal) => Promise<AttemptAnswer>;

/**
 * Tries the paths round after round (RFC 8305). A round starts 250 ms after the previous round, or
 * as soon as all paths of the previous round have failed. `round` counts from 0. The paths are
 * listed again for each round, so that a new NIC is included. The first value wins, and the other
 * attempts are stopped. Throws the `Failure` of a final answer (403, a redirect) only if no other
 * path led to a service, because that other service can be the real IMDS.
 */
export async function race(
  host: Pick<Host, "clock" | "signal">,
  listCandidates: (round: number) => Promise<PathCandidates>,
  attempt: Attempt,
): Promise<Winner | TransientError> {
  const raceAbort = new AbortController();
  const stop = AbortSignal.any([host.signal, raceAbort.signal]);
  const startAttempt = async (path: ImdsPath): Promise<Winner | Loss> => {
    const answer = await attempt(path, stop).catch(expectFailure);
    if (answer instanceof Failure) return { path, error: answer };
    return answer.kind === "value" ? { path, body: answer.body } : { path, error: answer.error };
  };
  const running = new Map<string, Promise<Winner | Loss>>();
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
  readonly running: Map<string, Promise<Winner | Loss>>;
  readonly failed: Map<string, Loss>;
  /** The paths that started last. */
  readonly latestRound: readonly ImdsPath[];
  readonly stop: AbortSignal;
}

/** Returns the winner, or null when the next round must start. */
async function waitForWinner(host: Pick<Host, "clock">, state: RaceState): Promise<Winner | null> {
  const { running, failed, latestRound, stop } = state;
  if (running.size === 0) return null;
  const attemptDelay = host.clock.sleep(attemptDelayMs, stop);
  for (;;) {
    const result = await Promise.race([...running.values(), attemptDelay]);
    if (result === undefined) return null;
    if ("body" in result) return result;
    const name = describePath(result.path);
    running.delete(name);
    failed.set(name, result);
    const isRoundFailed =
      latestRound.length > 0 && latestRound.every((each) => failed.has(describePath(each)));
    if (isRoundFailed || running.size === 0) return null;
  }
}

function expectFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

/** One error for all lost attempts. Throws the final answer if no other path led to a service. */
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

/** Each reason once, with its paths in front. If there is only one reason, without the paths. */
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
