import { expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { transientError } from "../../../../src/imds/protocol/answer.ts";
import type { PathCandidates } from "../../../../src/imds/connect/candidates.ts";
import { type AttemptAnswer, race } from "../../../../src/imds/connect/race.ts";
import type { ImdsPath } from "../../../../src/imds/protocol/path.ts";
import type { Clock } from "../../../../src/host/host.ts";

const value = (text: string): AttemptAnswer => ({
  kind: "value",
  body: new TextEncoder().encode(text),
});
const never = new AbortController().signal;

type Sleep = () => void;

/** A clock whose sleeps end when the test says so. */
function steppedClock(): {
  readonly clock: Clock;
  readonly sleeps: Sleep[];
  readonly asked: number[];
} {
  const sleeps: Sleep[] = [];
  const asked: number[] = [];
  const sleep: Clock["sleep"] = (ms) => {
    asked.push(ms);
    return new Promise((resolve) => sleeps.push(resolve));
  };
  return { clock: { now: () => 0, random: () => 1, sleep }, sleeps, asked };
}

/** Candidates whose answers the test gives. */
function fakeAttempts(names: readonly string[]) {
  const started: string[] = [];
  const stopped: string[] = [];
  const given = new Map(names.map((name) => [name, Promise.withResolvers<AttemptAnswer>()]));
  const attempt = ({ endpoint: name }: ImdsPath, stop: AbortSignal): Promise<AttemptAnswer> => {
    started.push(name);
    stop.addEventListener("abort", () => stopped.push(name));
    return given.get(name)?.promise ?? Promise.reject(new Error(name));
  };
  const give = (name: string, answer: AttemptAnswer) => given.get(name)?.resolve(answer);
  const fail = (name: string, error: Error) => given.get(name)?.reject(error);
  return { started, stopped, attempt, give, fail };
}

/** Rounds of paths that differ in their endpoint only. */
function inRounds(...rounds: readonly (readonly string[])[]): () => Promise<PathCandidates> {
  const pathTo = (endpoint: string): ImdsPath => ({ endpoint, via: { kind: "routing" } });
  return async () => ({ rounds: rounds.map((names) => names.map(pathTo)), exclusions: [] });
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("race starts one more round every 250 ms, in order", async () => {
  const { clock, sleeps, asked } = steppedClock();
  const { started, attempt, give } = fakeAttempts(["a", "b", "c"]);
  const result = race({ clock, signal: never }, inRounds(["a"], ["b"], ["c"]), attempt);
  await settle();
  expect(started).toEqual(["a"]);
  sleeps[0]?.();
  await settle();
  expect(started).toEqual(["a", "b"]);
  sleeps[1]?.();
  await settle();
  expect(started).toEqual(["a", "b", "c"]);
  expect(asked).toEqual([250, 250, 250]);
  give("b", value("won"));
  expect(await result).toMatchObject({ path: { endpoint: "b" } });
});

test("race starts the next round at once when one has failed", async () => {
  const { clock } = steppedClock();
  const { started, attempt, give } = fakeAttempts(["a", "b"]);
  const result = race({ clock, signal: never }, inRounds(["a"], ["b"]), attempt);
  give("a", transientError("connection refused"));
  await settle();
  expect(started).toEqual(["a", "b"]);
  give("b", value("v"));
  expect(await result).toMatchObject({ path: { endpoint: "b" } });
});

test("race stops the other attempts and starts no more when one succeeds", async () => {
  const { clock, sleeps } = steppedClock();
  const { started, stopped, attempt, give } = fakeAttempts(["a", "b", "c"]);
  const result = race({ clock, signal: never }, inRounds(["a"], ["b"], ["c"]), attempt);
  await settle();
  sleeps[0]?.();
  await settle();
  give("b", value("v"));
  await result;
  expect(started).toEqual(["a", "b"]);
  expect(stopped).toContain("a");
});

// Another path may lead to the real service: one that succeeds, or one that is only throttled.
test("race throws a final failure only where no other path reaches a service", async () => {
  const off = new Failure("CONFIG", "403");
  for (const other of [
    value("v"),
    transientError("503"),
    transientError("refused", { cause: "path" }),
  ]) {
    const { clock } = steppedClock();
    const { attempt, give, fail } = fakeAttempts(["a", "b"]);
    const result = race({ clock, signal: never }, inRounds(["a"], ["b"]), attempt);
    fail("a", off);
    give("b", other);
    if (other.kind === "value") expect(await result).toMatchObject({ path: { endpoint: "b" } });
    else if (other.kind === "error" && other.error.cause === "path")
      expect(result).rejects.toBe(off);
    else expect(await result).toMatchObject({ reason: "a: 403; b: 503" });
  }
});

const verdicts: readonly {
  readonly answers: readonly AttemptAnswer[];
  readonly verdict: object;
}[] = [
  {
    answers: [transientError("x", { cause: "path" }), transientError("y", { cause: "path" })],
    verdict: { reason: "0: x; 1: y", cause: "path", endsAs: "UNAVAILABLE" },
  },
  {
    answers: [transientError("x"), transientError("x")],
    verdict: { reason: "x", cause: "service" },
  },
  {
    answers: [transientError("x", { cause: "path" }), transientError("y", { endsAs: "DATAERR" })],
    verdict: { endsAs: "DATAERR", cause: "service" },
  },
  {
    answers: [
      transientError("x", { retryAfterMs: 900 }),
      transientError("x", { retryAfterMs: 500 }),
    ],
    verdict: { retryAfterMs: 500 },
  },
  {
    answers: [transientError("x", { retryAfterMs: 900 }), transientError("y")],
    verdict: { retryAfterMs: null },
  },
  { answers: [], verdict: { reason: "no path to IMDS to try", cause: "path" } },
];

test.each(verdicts)("race without success: %p", async ({ answers, verdict }) => {
  const { clock } = steppedClock();
  const rounds = inRounds(...answers.map((_, at) => [String(at)]));
  const attempt = async ({ endpoint }: ImdsPath) =>
    answers[Number(endpoint)] ?? transientError("none");
  expect(await race({ clock, signal: never }, rounds, attempt)).toMatchObject(verdict);
});

test("race throws an unexpected error of an attempt", async () => {
  const { clock } = steppedClock();
  const bug = new TypeError("bug");
  expect(race({ clock, signal: never }, inRounds(["a"]), () => Promise.reject(bug))).rejects.toBe(
    bug,
  );
});
