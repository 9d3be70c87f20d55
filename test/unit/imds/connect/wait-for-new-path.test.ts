import { expect, test } from "bun:test";
import { type PathCandidates, waitForNewPath } from "../../../../src/imds/connect/candidates.ts";
import type { ImdsPath } from "../../../../src/imds/protocol/path.ts";
import { fakeClock } from "../../../kit/host/fake-host.ts";

const pathTo = (endpoint: string): ImdsPath => ({ endpoint, via: { kind: "routing" } });
const candidates = (...endpoints: readonly string[]): PathCandidates => ({
  rounds: [endpoints.map(pathTo)],
  exclusions: [],
});

/** Returns one set of candidates after the other, and the last one from then on. */
function inTurn(all: readonly PathCandidates[]): () => Promise<PathCandidates> {
  let at = 0;
  return async () => all[Math.min(at++, all.length - 1)] ?? candidates();
}

test("waitForNewPath waits until a path appears that did not exist before", async () => {
  const clock = fakeClock();
  const present = inTurn([
    candidates("a"),
    candidates("a"),
    candidates(),
    candidates("a"),
    candidates("a", "b"),
  ]);
  await waitForNewPath({ clock }, present, new AbortController().signal);
  expect(clock.slept).toEqual([250, 250, 250, 250]);
});

test("waitForNewPath throws the reason of the signal", async () => {
  const over = new AbortController();
  over.abort(new Error("the wait is over"));
  const wait = waitForNewPath({ clock: fakeClock() }, inTurn([candidates("a")]), over.signal);
  expect(wait).rejects.toThrow("the wait is over");
});
