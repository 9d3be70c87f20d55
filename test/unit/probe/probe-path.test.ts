import { describe, expect, test } from "bun:test";
import { type ProbeTarget, probePath } from "../../../src/probe/probe-path.ts";
import { fakeClock, fakeLog } from "../../kit/host/fake-host.ts";

const endpoint = "http://169.254.169.254";
const limits = { tryMs: 20, connectMs: 10, retries: Infinity };
const never = new AbortController().signal;

type Answer = { readonly body: string; readonly status: number } | Error | "silence";
const failure = (code: string) => Object.assign(new Error(code), { code });

/** A transport with a list of answers per method; the last answer of a list is repeated. */
function transportOf(put: readonly Answer[], get: readonly Answer[] = []) {
  const requested: string[] = [];
  const queues = { PUT: [...put], GET: [...get] };
  const fetch = async (_: string, { method, headers, signal }: RequestInit): Promise<Response> => {
    const queue = method === "PUT" ? queues.PUT : queues.GET;
    const token = new Headers(headers).get("x-aws-ec2-metadata-token");
    requested.push(token === null ? String(method) : `${method} ${token}`);
    const answer = queue.length > 1 ? queue.shift() : queue[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === "object") return new Response(answer.body, { status: answer.status });
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  };
  return { requested, fetch };
}

const text = (body: string, status = 200): Answer => ({ body, status });
const connected = async () => undefined;

async function probeWith(
  put: readonly Answer[],
  get: readonly Answer[],
  more: Partial<ProbeTarget["transport"]> = {},
) {
  const { requested, fetch } = transportOf(put, get);
  const clock = fakeClock();
  const transport = { fetch, canConnect: null, tryConnect: connected, ...more };
  const probe = await probePath(
    { clock, log: fakeLog() },
    { endpoint, nic: "ens5", transport, deadlineMs: 60_000 },
    limits,
    never,
  );
  const { connect, token, read, invalidToken, requests, retries } = probe;
  const outcomes = [connect, token, read, invalidToken].map((step) => step?.outcome ?? null);
  return { outcomes, requested, requests, retries, slept: clock.slept };
}

test("a probe connects, acquires a token and reads instance-id with it", async () => {
  const { outcomes, requested, requests } = await probeWith([text("secret")], [text("i-1")]);
  expect(outcomes).toEqual(["ok", "ok", "ok", null]);
  expect(requested).toEqual(["PUT", "GET secret"]);
  expect(requests).toBe(2);
});

test("without a connection no request is sent", async () => {
  const tryConnect = async () => Promise.reject(failure("EHOSTUNREACH"));
  const { outcomes, requested } = await probeWith([], [], { tryConnect });
  expect(outcomes).toEqual(["EHOSTUNREACH", null, null, null]);
  expect(requested).toEqual([]);
});

test("a silent PUT is followed by a GET with an invalid token, never by one without a token", async () => {
  const { outcomes, requested } = await probeWith(["silence"], [text("", 401)]);
  expect(outcomes).toEqual(["ok", "silent", null, "401"]);
  expect(requested).toEqual(["PUT", "GET invalid"]);
});

describe("a transient error is retried twice, with a new token", () => {
  for (const status of [401, 404, 408, 429, 500, 503]) {
    test(`${status} is retried once before metadata`, async () => {
      const { outcomes, retries, slept } = await probeWith(
        [text("t")],
        [text("", status), text("i-1")],
      );
      expect(outcomes).toEqual(["ok", "ok", "ok", null]);
      expect({ retries, slept }).toEqual({ retries: 1, slept: [300] });
    });
  }

  test("503 is the outcome after three tries", async () => {
    const { outcomes, requested, retries } = await probeWith([text("", 503)], []);
    expect(outcomes).toEqual(["ok", "503", null, null]);
    expect({ requested, retries }).toEqual({ requested: ["PUT", "PUT", "PUT"], retries: 2 });
  });
});

test("--retries 0 sends one request", async () => {
  const { fetch, requested } = transportOf([text("", 503)]);
  const transport = { fetch, canConnect: null, tryConnect: connected };
  const target = { endpoint, nic: "ens5", transport, deadlineMs: 60_000 };
  await probePath({ clock: fakeClock(), log: fakeLog() }, target, { ...limits, retries: 0 }, never);
  expect(requested).toEqual(["PUT"]);
});

const final: readonly (readonly [what: string, answer: Answer, outcome: string])[] = [
  ["403", text("", 403), "403"],
  ["a redirect", text("", 302), "302"],
  ["a page in place of a token", text("<html> hello"), "no-token"],
  ["an empty token", text(""), "no-token"],
  ["more than a token can be", text("x".repeat(5000)), "not-http"],
  [
    "what is not HTTP",
    Object.assign(new Error("Parse Error"), { code: "HPE_INVALID" }),
    "not-http",
  ],
];
for (const [what, answer, outcome] of final) {
  test(`${what} is final: ${outcome}`, async () => {
    const { outcomes, requested } = await probeWith([answer], []);
    expect({ outcomes, requested }).toEqual({
      outcomes: ["ok", outcome, null, null],
      requested: ["PUT"],
    });
  });
}

describe("over kernel routing, where no connection is made first", () => {
  const routed = async (put: Answer, connects: boolean) => {
    const { fetch } = transportOf([put], ["silence"]);
    const transport = { fetch, canConnect: async () => connects };
    const target = { endpoint, nic: "ens5", transport, deadlineMs: 60_000 };
    const probe = await probePath({ clock: fakeClock(), log: fakeLog() }, target, limits, never);
    return [probe.connect?.outcome, probe.token?.outcome];
  };

  test("an errno is the outcome of the connection", async () => {
    const cause = Object.assign(new Error("fetch failed"), { cause: failure("ECONNREFUSED") });
    expect(await routed(cause, false)).toEqual(["ECONNREFUSED", undefined]);
  });

  test("after silence a connection is tried", async () => {
    expect(await routed("silence", false)).toEqual(["ETIMEDOUT", undefined]);
    expect(await routed("silence", true)).toEqual(["ok", "silent"]);
  });
});

test("an abort ends a probe with its reason", async () => {
  const stop = AbortSignal.abort(new Error("Ctrl-C"));
  const { fetch } = transportOf(["silence"]);
  const transport = {
    fetch: async (...args: Parameters<typeof fetch>) => fetch(...args),
    canConnect: null,
  };
  const tryConnect = async () => Promise.reject(new Error("late"));
  const target = {
    endpoint,
    nic: "ens5",
    transport: { ...transport, tryConnect },
    deadlineMs: 60_000,
  };
  const probe = probePath({ clock: fakeClock(), log: fakeLog() }, target, limits, stop);
  await expect(probe).rejects.toThrow("Ctrl-C");
});
