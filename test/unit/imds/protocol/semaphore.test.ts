import { expect, test } from "bun:test";
import { createSemaphore } from "../../../../src/imds/protocol/rate-limit.ts";

/** Work that ends when the test says so. */
function controlledWork() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { promise, resolve, reject };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("the semaphore runs at most two at once, and the others in order", async () => {
  const withSlot = createSemaphore(2);
  const pieces = Array.from({ length: 5 }, controlledWork);
  const started: number[] = [];
  const all = pieces.map(({ promise }, at) =>
    withSlot(() => {
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

test("work that rejects frees its slot, and fails for its caller only", async () => {
  const withSlot = createSemaphore(1);
  const [first, second] = [controlledWork(), controlledWork()];
  const failing = withSlot(() => first.promise);
  const waiting = withSlot(() => second.promise.then(() => "done"));
  first.reject(new Error("no"));
  expect(failing).rejects.toThrow("no");
  second.resolve();
  expect(await waiting).toBe("done");
});

test("work that throws at once frees its slot", async () => {
  const withSlot = createSemaphore(1);
  const thrown = withSlot(() => {
    throw new Error("at once");
  });
  expect(thrown).rejects.toThrow("at once");
  expect(await withSlot(async () => "next")).toBe("next");
});

test("work with the priority `high` runs before other work that waits", async () => {
  const withSlot = createSemaphore(1);
  const [running, started] = [controlledWork(), [] as string[]];
  const first = withSlot(() => running.promise);
  const named = (name: string) => async () => void started.push(name);
  const all = [
    withSlot(named("a")),
    withSlot(named("b")),
    withSlot(named("c"), "high"),
    withSlot(named("d"), "high"),
  ];
  running.resolve();
  await Promise.all([first, ...all]);
  expect(started).toEqual(["c", "d", "a", "b"]);
});
