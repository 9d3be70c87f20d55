import type { Host } from "../host/host.ts";
import { Failure } from "../exit.ts";
import { type Answer, type Trouble, trouble } from "./answer.ts";

/** RFC 8305 §5, "Connection Attempt Delay". */
const staggerMs = 250;

export interface Winner<C> {
  readonly candidate: C;
  readonly body: Uint8Array;
}

interface Finish<C> {
  readonly candidate: C;
  readonly outcome: Answer | Failure;
}

/**
 * One round over all candidates, best first, one more every 250 ms or as soon as one has failed.
 * The first value wins and the others are stopped. A final answer (403, a redirect) counts only
 * where no other way led to a service: that may be the real one. Throws that `Failure`.
 */
export async function race<C extends string>(
  host: Pick<Host, "clock" | "signal">,
  candidates: readonly C[],
  attempt: (candidate: C, stop: AbortSignal) => Promise<Answer>,
): Promise<Winner<C> | Trouble> {
  const over = new AbortController();
  const stop = AbortSignal.any([host.signal, over.signal]);
  const run = async (candidate: C): Promise<Finish<C>> => {
    return { candidate, outcome: await attempt(candidate, stop).catch(failureOrBug) };
  };
  const queue = [...candidates];
  const running = new Map<C, Promise<Finish<C>>>();
  const lost: Finish<C>[] = [];
  try {
    while (queue.length > 0 || running.size > 0) {
      const next = queue.shift();
      if (next !== undefined) running.set(next, run(next));
      const patience = queue.length > 0 ? [host.clock.sleep(staggerMs, stop)] : [];
      const finish = await Promise.race([...running.values(), ...patience]);
      if (finish === undefined) continue;
      const { candidate, outcome } = finish;
      if (!(outcome instanceof Failure) && outcome.kind === "value") {
        return { candidate, body: outcome.body };
      }
      running.delete(candidate);
      lost.push(finish);
    }
    host.signal.throwIfAborted();
    return verdictOn(lost);
  } finally {
    over.abort(new Error("the race is over"));
  }
}

function failureOrBug(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

/** What a round without a winner comes to: the final answer if there was one, else the trouble. */
function verdictOn(lost: readonly Finish<string>[]): Trouble {
  const final = lost.map(({ outcome }) => outcome).find((outcome) => outcome instanceof Failure);
  const troubles = lost.map(({ outcome }) => troubleOf(outcome));
  const answered = troubles.filter(({ suspect }) => suspect !== "path");
  const isHopeless = lost.every(
    ({ outcome }, at) => outcome instanceof Failure || troubles[at]?.suspect === "path",
  );
  if (final !== undefined && isHopeless) throw final;
  const [first] = troubles;
  if (first === undefined) return trouble("there is no way to try", { suspect: "path" }).trouble;
  const pauses = answered.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    reason: reasonOf(lost.map(({ candidate }, at) => [candidate, troubles[at]?.reason ?? ""])),
    endsAs: troubles.some(({ endsAs }) => endsAs === "DATAERR") ? "DATAERR" : "UNAVAILABLE",
    retryAfterMs:
      pauses.length > 0 && pauses.length === answered.length ? Math.min(...pauses) : null,
    isCutByDeadline: troubles.some(({ isCutByDeadline }) => isCutByDeadline),
    suspect: troubles.every(({ suspect }) => suspect === "path") ? "path" : "service",
  };
}

/** Which way came to what; said once where all came to the same. */
function reasonOf(reasons: readonly (readonly [string, string])[]): string {
  const [[, first] = ["", ""]] = reasons;
  if (reasons.every(([, reason]) => reason === first)) return first;
  return reasons.map(([candidate, reason]) => `${candidate}: ${reason}`).join("; ");
}

function troubleOf(outcome: Answer | Failure): Trouble {
  if (outcome instanceof Failure) return trouble(outcome.message).trouble;
  if (outcome.kind === "trouble") return outcome.trouble;
  return trouble("404 where a token should be", { endsAs: "DATAERR" }).trouble;
}
