import { expect, test } from "bun:test";
import { classifyStatus } from "../../../../src/imds/protocol/answer.ts";

const classify = (status: number, retryAfter: string | null = null) => {
  const headers = new Headers(retryAfter === null ? {} : { "retry-after": retryAfter });
  return classifyStatus("GET x", { status, headers }, 1_000_000);
};

test("200 has a body, and 404 is absent", () => {
  expect(classify(200)).toBeNull();
  expect(classify(404)).toEqual({ kind: "absent" });
});

test.each([
  [401, "401, the token was not accepted", { cause: "token", endsAs: "UNAVAILABLE" }],
  [408, "408, timed out", { cause: "service", endsAs: "UNAVAILABLE" }],
  [429, "429, throttled", { cause: "rate", endsAs: "UNAVAILABLE" }],
  [500, "500, server error", { cause: "service", endsAs: "UNAVAILABLE" }],
  [503, "503, throttled", { cause: "rate", endsAs: "UNAVAILABLE" }],
  [599, "599, server error", { cause: "service", endsAs: "UNAVAILABLE" }],
  [201, "201 is not a status of IMDS", { endsAs: "DATAERR" }],
  [204, "204 is not a status of IMDS", { endsAs: "DATAERR" }],
])("%d is a transient error: %s", (status, reason, error) => {
  expect(classify(status)).toMatchObject({ kind: "error", error: { ...error, reason } });
});

test.each([
  [403, "CONFIG", "IMDS refuses this request, although it has issued a token"],
  [300, "DATAERR", "a redirect, so this is not IMDS"],
  [307, "DATAERR", "a redirect, so this is not IMDS"],
  [400, "DATAERR", "a refusal"],
  [402, "DATAERR", "a refusal"],
  [410, "DATAERR", "a refusal"],
])("%d is final: %s, %s", (status, kind, reason) => {
  const message = `GET x: ${status}, ${reason}`;
  expect(() => classify(status)).toThrow(expect.objectContaining({ kind, message }));
});

test.each([
  ["1", 1000],
  [" 2 ", 2000],
  ["0", 0],
  ["Thu, 01 Jan 1970 00:16:45 GMT", 5000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["soon", null],
  ["1e9", null],
  ["", null],
  [null, null],
  ["99999999999", null],
])("Retry-After: %p is %p ms", (header, retryAfterMs) => {
  expect(classify(503, header)).toMatchObject({ error: { retryAfterMs } });
});

test("Retry-After of a 401 is ignored", () => {
  expect(classify(401, "5")).toMatchObject({ error: { retryAfterMs: null } });
});

// kube2iam #270: a proxy that adds X-Forwarded-For gets 403 from an IMDS that is switched on
test.each<[string, string, Record<string, string>, string]>([
  ["the token", "PUT x", { server: "EC2ws" }, "switched off for this instance, or a proxy"],
  ["the token, without headers", "PUT x", {}, "switched off for this instance, or a proxy"],
  ["a key", "GET x", { server: "EC2ws" }, "although it has issued a token"],
  ["the token, Via", "PUT x", { via: "1.1 squid", server: "EC2ws" }, "a proxy (Via: 1.1 squid)"],
  ["the token, another server", "PUT x", { server: "nginx" }, "a proxy (Server: nginx)"],
])("a 403 for %s", (_, what, headers, text) => {
  const classify403 = () =>
    classifyStatus(what, { status: 403, headers: new Headers(headers) }, 1_000_000);
  expect(classify403).toThrow(
    expect.objectContaining({ kind: "CONFIG", message: expect.stringContaining(text) }),
  );
});
