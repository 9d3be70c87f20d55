import { expect, test } from "bun:test";
import { type PathCandidates, waitForNewPath } from "../../../../src/imds/connect/candidates.ts";
import type { ImdsPath } from "../../../../src/imds/protocol/path.ts";
import { fakeClock } from "../../../kit/host/fake-host.ts";

const way = (endpoint: string): ImdsPath => ({ endpoint, via: { kind: "routing" } });
const field = (...endpoints: readonly string[]): PathCandidates => ({
  rounds: [endpoints.map(way)],
  exclusions: [],
});

/** Gives one line-up after the other, the last one for ever. */
function inTurn(fields: readonly PathCandidates[]): () => Promise<PathCandidates> {
  let at = 0;
  return async () => fields[Math.min(at++, fields.length - 1)] ?? field();
}

test("it waits until there is a way that was not there", async () => {
  const clock = fakeClock();
  const present = inTurn([field("a"), field("a"), field(), field("a"), field("a", "b")]);
  await waitForNewPath({ clock }, present, new AbortController().signal);
  expect(clock.slept).toEqual([250, 250, 250, 250]);
});

test("it ends with the signal's reason", async () => {
  const over = new AbortController();
  over.abort(new Error("the wait is over"));
  const wait = waitForNewPath({ clock: fakeClock() }, inTurn([field("a")]), over.signal);
  expect(wait).rejects.toThrow("the wait is over");
});
