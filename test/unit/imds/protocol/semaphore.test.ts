import { expect, test } from "bun:test";
import { createSemaphore } from "../../../../src/imds/protocol/rate-limit.ts";

/** Work that ends when the test says so. */
function piece() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { promise, resolve, reject };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("no more than so many at once, the others in the order they came", async () => {
  const inTurn = createSemaphore(2);
  const pieces = Array.from({ length: 5 }, piece);
  const started: number[] = [];
  const all = pieces.map(({ promise }, at) =>
    inTurn(() => {
      started.push(at);
      return promise;
    }),
  );
  await settle();
  expect(started).toEqual([0, 1]);
  pieces[1]?.resolve();
  await settle();
  expect(started).toEqual([0, 1, 2]);
  for (const { resolve } of pieces) resolve();
  await Promise.all(all);
  expect(started).toEqual([0, 1, 2, 3, 4]);
});

test("work that fails gives its place on, and fails for its caller only", async () => {
  const inTurn = createSemaphore(1);
  const [first, second] = [piece(), piece()];
  const failing = inTurn(() => first.promise);
  const waiting = inTurn(() => second.promise.then(() => "done"));
  first.reject(new Error("no"));
  expect(failing).rejects.toThrow("no");
  second.resolve();
  expect(await waiting).toBe("done");
});

test("work that throws at once gives its place on, too", async () => {
  const inTurn = createSemaphore(1);
  const thrown = inTurn(() => {
    throw new Error("at once");
  });
  expect(thrown).rejects.toThrow("at once");
  expect(await inTurn(async () => "next")).toBe("next");
});

test("a place that is free again is not lost", async () => {
  const inTurn = createSemaphore(2);
  for (let round = 0; round < 5; round += 1) await inTurn(async () => undefined);
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await settle();
    running -= 1;
  };
  await Promise.all(Array.from({ length: 9 }, () => inTurn(work)));
  expect(most).toBe(2);
});

test("of those that wait, what is first goes before what came before it", async () => {
  const inTurn = createSemaphore(1);
  const [running, started] = [piece(), [] as string[]];
  const first = inTurn(() => running.promise);
  const named = (name: string) => async () => void started.push(name);
  const all = [
    inTurn(named("a")),
    inTurn(named("b")),
    inTurn(named("c"), "first"),
    inTurn(named("d"), "first"),
  ];
  running.resolve();
  await Promise.all([first, ...all]);
  expect(started).toEqual(["c", "d", "a", "b"]);
});
