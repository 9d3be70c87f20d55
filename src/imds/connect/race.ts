import type { Host } from "../../host/host.ts";
import { Failure } from "../../exit.ts";
import { type Answer, type Trouble, trouble } from "../protocol/answer.ts";
import type { LineUp } from "./candidates.ts";
import { nameOfWay, type Way } from "../protocol/path.ts";

/** RFC 8305 §5, "Connection Attempt Delay". */
const staggerMs = 250;

export interface Winner {
  readonly way: Way;
  readonly body: Uint8Array;
}

interface Finish {
  readonly way: Way;
  readonly outcome: Answer | Failure;
}

/** Asks over one way; `stop` ends it early. */
export type Attempt = (way: Way, stop: AbortSignal) => Promise<Answer>;

/**
 * One round: heat after heat, one more every 250 ms, or as soon as the latest has failed. The
 * line-up is asked for anew each time, so that a NIC that appears meanwhile is not missed; `heat`
 * counts from 0. The first value wins and the others are stopped. A final answer (403, a redirect)
 * counts only where no other way led to a service: that may be the real one. Throws that `Failure`.
 */
export async function race(
  host: Pick<Host, "clock" | "signal">,
  lineUp: (heat: number) => Promise<LineUp>,
  attempt: Attempt,
): Promise<Winner | Trouble> {
  const over = new AbortController();
  const stop = AbortSignal.any([host.signal, over.signal]);
  const run = async (way: Way): Promise<Finish> => {
    return { way, outcome: await attempt(way, stop).catch(failureOrBug) };
  };
  const running = new Map<string, Promise<Finish>>();
  const lost = new Map<string, Finish>();
  try {
    for (let heat = 0; ; heat += 1) {
      const { heats, absent } = await lineUp(heat);
      host.signal.throwIfAborted();
      const isNew = (way: Way): boolean => !isKnown(nameOfWay(way), running, lost);
      const latest = heats.map((ways) => ways.filter(isNew)).find((ways) => ways.length > 0) ?? [];
      for (const way of latest) running.set(nameOfWay(way), run(way));
      if (running.size === 0 && heat > 0) return verdictOn([...lost.values()], absent);
      const finish = await untilNext(host, { running, lost, latest, stop });
      if (finish !== null) return finish;
    }
  } finally {
    over.abort(new Error("the race is over"));
  }
}

interface State {
  readonly running: Map<string, Promise<Finish>>;
  readonly lost: Map<string, Finish>;
  /** The heat that started last. */
  readonly latest: readonly Way[];
  readonly stop: AbortSignal;
}

/** The winner; null when it is time for the next heat. */
async function untilNext(host: Pick<Host, "clock">, state: State): Promise<Winner | null> {
  const { running, lost, latest, stop } = state;
  if (running.size === 0) return null;
  const patience = host.clock.sleep(staggerMs, stop);
  for (;;) {
    const finish = await Promise.race([...running.values(), patience]);
    if (finish === undefined) return null;
    const { way, outcome } = finish;
    if (!(outcome instanceof Failure) && outcome.kind === "value") {
      return { way, body: outcome.body };
    }
    running.delete(nameOfWay(way));
    lost.set(nameOfWay(way), finish);
    const isSpent = latest.length > 0 && latest.every((each) => lost.has(nameOfWay(each)));
    if (isSpent || running.size === 0) return null;
  }
}

function isKnown(name: string, ...maps: readonly ReadonlyMap<string, unknown>[]): boolean {
  return maps.some((map) => map.has(name));
}

function failureOrBug(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

/** What a round without a winner comes to: the final answer if there was one, else the trouble. */
function verdictOn(lost: readonly Finish[], absent: readonly string[]): Trouble {
  const final = lost.map(({ outcome }) => outcome).find((outcome) => outcome instanceof Failure);
  const troubles = lost.map(({ outcome }) => troubleOf(outcome));
  const answered = troubles.filter(({ suspect }) => suspect !== "path");
  const isHopeless = lost.every(
    ({ outcome }, at) => outcome instanceof Failure || troubles[at]?.suspect === "path",
  );
  if (final !== undefined && isHopeless) throw final;
  const pauses = answered.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const reasons = lost.map(({ way }, at) => [nameOfWay(way), troubles[at]?.reason ?? ""] as const);
  return {
    reason: [...reasonsOf(reasons), ...absent].join("; ") || "there is no way to try",
    endsAs: troubles.some(({ endsAs }) => endsAs === "DATAERR") ? "DATAERR" : "UNAVAILABLE",
    retryAfterMs:
      pauses.length > 0 && pauses.length === answered.length ? Math.min(...pauses) : null,
    isCutByDeadline: troubles.some(({ isCutByDeadline }) => isCutByDeadline),
    suspect: troubles.every(({ suspect }) => suspect === "path") ? "path" : "service",
  };
}

/** Which ways came to what: each reason once, and alone where all came to the same. */
function reasonsOf(reasons: readonly (readonly [string, string])[]): readonly string[] {
  const distinct = [...new Set(reasons.map(([, reason]) => reason))];
  if (distinct.length <= 1) return distinct;
  return distinct.map((reason) => {
    const names = reasons.filter(([, each]) => each === reason).map(([name]) => name);
    return `${names.join(", ")}: ${reason}`;
  });
}

function troubleOf(outcome: Answer | Failure): Trouble {
  if (outcome instanceof Failure) return trouble(outcome.message).trouble;
  if (outcome.kind === "trouble") return outcome.trouble;
  return trouble("404 where a token should be", { endsAs: "DATAERR" }).trouble;
}
