import { expect, test } from "bun:test";
import { Failure } from "../../../../src/exit.ts";
import { type Answer, transientError } from "../../../../src/imds/protocol/answer.ts";
import type { PathCandidates } from "../../../../src/imds/connect/candidates.ts";
import { race } from "../../../../src/imds/connect/race.ts";
import type { ImdsPath } from "../../../../src/imds/protocol/path.ts";
import type { Clock } from "../../../../src/host/host.ts";

const value = (text: string): Answer => ({ kind: "value", body: new TextEncoder().encode(text) });
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
function runners(names: readonly string[]) {
  const started: string[] = [];
  const stopped: string[] = [];
  const given = new Map(names.map((name) => [name, Promise.withResolvers<Answer>()]));
  const attempt = ({ endpoint: name }: ImdsPath, stop: AbortSignal): Promise<Answer> => {
    started.push(name);
    stop.addEventListener("abort", () => stopped.push(name));
    return given.get(name)?.promise ?? Promise.reject(new Error(name));
  };
  const give = (name: string, answer: Answer) => given.get(name)?.resolve(answer);
  const fail = (name: string, error: Error) => given.get(name)?.reject(error);
  return { started, stopped, attempt, give, fail };
}

/** Heats of ways that are told apart by their endpoint alone. */
function inHeats(...heats: readonly (readonly string[])[]): () => Promise<PathCandidates> {
  const way = (endpoint: string): ImdsPath => ({ endpoint, via: { kind: "routing" } });
  return async () => ({ rounds: heats.map((names) => names.map(way)), exclusions: [] });
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("one more every 250 ms, best first", async () => {
  const { clock, sleeps, asked } = steppedClock();
  const { started, attempt, give } = runners(["a", "b", "c"]);
  const result = race({ clock, signal: never }, inHeats(["a"], ["b"], ["c"]), attempt);
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

test("the next starts at once when one has failed", async () => {
  const { clock } = steppedClock();
  const { started, attempt, give } = runners(["a", "b"]);
  const result = race({ clock, signal: never }, inHeats(["a"], ["b"]), attempt);
  give("a", transientError("connection refused"));
  await settle();
  expect(started).toEqual(["a", "b"]);
  give("b", value("v"));
  expect(await result).toMatchObject({ path: { endpoint: "b" } });
});

test("a winner at once: nobody else starts, and the losers are stopped", async () => {
  const { clock, sleeps } = steppedClock();
  const { started, stopped, attempt, give } = runners(["a", "b", "c"]);
  const result = race({ clock, signal: never }, inHeats(["a"], ["b"], ["c"]), attempt);
  await settle();
  sleeps[0]?.();
  await settle();
  give("b", value("v"));
  await result;
  expect(started).toEqual(["a", "b"]);
  expect(stopped).toContain("a");
});

// another way may lead to the real service: one that wins, or one that is only throttled
test("a final answer counts only where no other way leads to a service", async () => {
  const off = new Failure("CONFIG", "403");
  for (const other of [
    value("v"),
    transientError("503"),
    transientError("refused", { cause: "path" }),
  ]) {
    const { clock } = steppedClock();
    const { attempt, give, fail } = runners(["a", "b"]);
    const result = race({ clock, signal: never }, inHeats(["a"], ["b"]), attempt);
    fail("a", off);
    give("b", other);
    if (other.kind === "value") expect(await result).toMatchObject({ path: { endpoint: "b" } });
    else if (other.kind === "error" && other.error.cause === "path")
      expect(result).rejects.toBe(off);
    else expect(await result).toMatchObject({ reason: "a: 403; b: 503" });
  }
});

const verdicts: readonly { readonly lost: readonly Answer[]; readonly verdict: object }[] = [
  {
    lost: [transientError("x", { cause: "path" }), transientError("y", { cause: "path" })],
    verdict: { reason: "0: x; 1: y", cause: "path", endsAs: "UNAVAILABLE" },
  },
  { lost: [transientError("x"), transientError("x")], verdict: { reason: "x", cause: "service" } },
  {
    lost: [transientError("x", { cause: "path" }), transientError("y", { endsAs: "DATAERR" })],
    verdict: { endsAs: "DATAERR", cause: "service" },
  },
  {
    lost: [transientError("x", { retryAfterMs: 900 }), transientError("x", { retryAfterMs: 500 })],
    verdict: { retryAfterMs: 500 },
  },
  {
    lost: [transientError("x", { retryAfterMs: 900 }), transientError("y")],
    verdict: { retryAfterMs: null },
  },
  { lost: [{ kind: "absent" }], verdict: { endsAs: "DATAERR" } },
  { lost: [], verdict: { reason: "there is no way to try", cause: "path" } },
];

test.each(verdicts)("nobody wins: %p", async ({ lost, verdict }) => {
  const { clock } = steppedClock();
  const heats = inHeats(...lost.map((_, at) => [String(at)]));
  const attempt = async ({ endpoint }: ImdsPath) =>
    lost[Number(endpoint)] ?? transientError("none");
  expect(await race({ clock, signal: never }, heats, attempt)).toMatchObject(verdict);
});

test("a bug in an attempt is not taken for trouble", async () => {
  const { clock } = steppedClock();
  const bug = new TypeError("bug");
  expect(race({ clock, signal: never }, inHeats(["a"]), () => Promise.reject(bug))).rejects.toBe(
    bug,
  );
});
