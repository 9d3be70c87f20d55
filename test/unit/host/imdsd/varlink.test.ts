import { expect, test } from "bun:test";
import { createVarlinkTransport } from "../../../../src/host/imdsd/transport.ts";
import { type ImdsdAnswer, startFakeImdsd } from "../../../kit/host/fake-imdsd.ts";

const always = (answer: ImdsdAnswer) => () => answer;
const value: ImdsdAnswer = { kind: "value", body: "i-0123456789abcdef0" };
const leaf = "/latest/meta-data/instance-id";

test("a signal ends a call without an answer, and closes its connection", async () => {
  await using service = await startFakeImdsd(always({ kind: "silence" }));
  const stop = new AbortController();
  const answer = service.fetch(leaf, { signal: stop.signal });
  await service.called;
  stop.abort(new Error("no complete answer within 2000 ms"));
  await expect(answer).rejects.toThrow("no complete answer within 2000 ms");
  await service.idle();
});

test("a signal that is already aborted opens no connection", async () => {
  await using service = await startFakeImdsd(always(value));
  const signal = AbortSignal.abort(new Error("over"));
  await expect(service.fetch(leaf, { signal })).rejects.toThrow("over");
  expect(service.calls).toEqual([]);
});

const cap = 1_572_864;
const framed = (data: string): string => `${JSON.stringify({ parameters: { data } })}\0`;
const overhead = framed("").length - 1;

test("an answer of the maximum size is accepted", async () => {
  const data = "A".repeat(cap - overhead - ((cap - overhead) % 4));
  await using service = await startFakeImdsd(
    always({ kind: "raw", bytes: framed(data), hangsUp: false }),
  );
  const response = await service.fetch(leaf);
  expect((await response.arrayBuffer()).byteLength).toBe((data.length / 4) * 3);
});

test.each([
  ["EMSGSIZE", "too large, with an end", framed("A".repeat(cap))],
  ["EMSGSIZE", "too large, without an end", "A".repeat(cap + 1)],
  ["EBADMSG", "of another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n\0"],
  ["EBADMSG", "empty", "\0"],
  ["EBADMSG", "a list", "[]\0"],
  ["EBADMSG", "null", "null\0"],
  ["EBADMSG", "not text", Buffer.from('{"\xff":1,"parameters":{"data":"QUJD"}}\0', "latin1")],
  ["EBADMSG", "an error without a name", '{"error":7,"parameters":{"data":"QUJD"}}\0'],
  ["EBADMSG", "parameters that are a list", '{"parameters":[]}\0'],
  ["EBADMSG", "without data", '{"parameters":{}}\0'],
  ["EBADMSG", "without parameters", "{}\0"],
  ["EBADMSG", "data that are a number", '{"parameters":{"data":4}}\0'],
  ["EBADMSG", "no base64", framed("a_b-")],
  ["EBADMSG", "base64 cut short", framed("AAA")],
])("%s: %s", async (code, _, bytes) => {
  await using service = await startFakeImdsd(always({ kind: "raw", bytes, hangsUp: false }));
  await expect(service.fetch(leaf)).rejects.toMatchObject({ code });
  await service.idle();
});

test.each([
  ["at once", ""],
  ["in the middle", '{"parameters":{"data":"QUJD"'],
])("a service that closes the connection %s causes ECONNRESET", async (_, bytes) => {
  await using service = await startFakeImdsd(always({ kind: "raw", bytes, hangsUp: true }));
  await expect(service.fetch(leaf)).rejects.toMatchObject({ code: "ECONNRESET" });
  await service.idle();
});

test("a complete answer is accepted, and what follows it is ignored", async () => {
  const bytes = `${framed("QUJD")}{"rest":`;
  await using service = await startFakeImdsd(always({ kind: "raw", bytes, hangsUp: true }));
  expect(await (await service.fetch(leaf)).text()).toBe("ABC");
});

test("an answer with `error: null` is no error", async () => {
  const bytes = '{"error":null,"parameters":{"data":"QUJD"}}\0';
  await using service = await startFakeImdsd(always({ kind: "raw", bytes, hangsUp: false }));
  expect(await (await service.fetch(leaf)).text()).toBe("ABC");
});

test("a call to a closed socket is refused", async () => {
  await using service = await startFakeImdsd(always(value));
  await service[Symbol.asyncDispose]();
  const { fetch } = createVarlinkTransport(service.path);
  await expect(fetch("http://x/latest/user-data", {})).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});
