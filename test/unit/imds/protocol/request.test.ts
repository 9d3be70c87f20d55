import { expect, test } from "bun:test";
import type { HttpTransport } from "../../../../src/host/host.ts";
import { type ImdsRequest, sendRequest } from "../../../../src/imds/protocol/request.ts";
import { fakeClock, fakeLog } from "../../../kit/host/fake-host.ts";

const request: ImdsRequest = {
  imdsPath: { endpoint: "http://imds", via: { kind: "routing" } },
  method: "GET",
  urlPath: "/latest/meta-data/mac",
  headers: {},
  maxBytes: 10,
  tryMs: 60_000,
  connectMs: null,
  isShortened: false,
};

async function errorOf(fetch: HttpTransport["fetch"], more: Partial<ImdsRequest> = {}) {
  const host = { http: { fetch, canConnect: null }, clock: fakeClock(), log: fakeLog() };
  const stop = new AbortController().signal;
  const answer = await sendRequest(host, { ...request, ...more }, stop);
  return answer.kind === "error" ? answer.error : answer.kind;
}

test.each([
  ["ECONNREFUSED", "connection refused", "path", "UNAVAILABLE"],
  ["EHOSTUNREACH", "unreachable (no answer on the link)", "path", "UNAVAILABLE"],
  ["HPE_INVALID", "the answer is not HTTP (HPE_INVALID)", "service", "DATAERR"],
])("an error with the code %s is: %s", async (code, reason, cause, endsAs) => {
  const error = Object.assign(new Error("text"), { code });
  const fields = { reason, cause, endsAs, isCutByDeadline: false };
  expect(await errorOf(() => Promise.reject(error))).toMatchObject(fields);
});

test("an error without a code is described by its text", async () => {
  const error = await errorOf(() => Promise.reject(new Error("odd")));
  expect(error).toMatchObject({ reason: expect.stringMatching(/^the answer is not HTTP .*odd/) });
});

test.each([true, false])("a timeout, with less time than usual: %p", async (isShortened) => {
  const fetch: HttpTransport["fetch"] = (_, { signal }) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const fields = { cause: "path", endsAs: "UNAVAILABLE", isCutByDeadline: isShortened };
  expect(await errorOf(fetch, { tryMs: 10, isShortened })).toMatchObject(fields);
});

test("a body that breaks off is no value", async () => {
  const pull = (controller: ReadableStreamDefaultController): void =>
    controller.error(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
  const error = await errorOf(async () => new Response(new ReadableStream({ pull })));
  expect(error).toMatchObject({ reason: "the connection was cut", cause: "path" });
});
