import { describe, expect, test } from "bun:test";
import { type ProbeTarget, probePath } from "../../../src/probe/probe-path.ts";
import { fakeClock, fakeLog } from "../../kit/host/fake-host.ts";

const endpoint = "http://169.254.169.254";
const limits = { tryMs: 20, connectMs: 10, retries: Infinity };
const never = new AbortController().signal;

type Answer = { readonly body: string; readonly status: number } | Error | "silence";
const failure = (code: string) => Object.assign(new Error(code), { code });

/** A transport that gives these answers, a list for each method; the last of a list is repeated. */
function transportOf(put: readonly Answer[], get: readonly Answer[] = []) {
  const asked: string[] = [];
  const queues = { PUT: [...put], GET: [...get] };
  const fetch = async (_: string, { method, headers, signal }: RequestInit): Promise<Response> => {
    const queue = method === "PUT" ? queues.PUT : queues.GET;
    const token = new Headers(headers).get("x-aws-ec2-metadata-token");
    asked.push(token === null ? String(method) : `${method} ${token}`);
    const answer = queue.length > 1 ? queue.shift() : queue[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === "object") return new Response(answer.body, { status: answer.status });
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  };
  return { asked, fetch };
}

const text = (body: string, status = 200): Answer => ({ body, status });
const connected = async () => undefined;

async function look(
  put: readonly Answer[],
  get: readonly Answer[],
  more: Partial<ProbeTarget["transport"]> = {},
) {
  const { asked, fetch } = transportOf(put, get);
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
  return { outcomes, asked, requests, retries, slept: clock.slept };
}

test("connect, token, instance-id with that token", async () => {
  const { outcomes, asked, requests } = await look([text("secret")], [text("i-1")]);
  expect(outcomes).toEqual(["ok", "ok", "ok", null]);
  expect(asked).toEqual(["PUT", "GET secret"]);
  expect(requests).toBe(2);
});

test("without a connection nothing is asked", async () => {
  const tryConnect = async () => Promise.reject(failure("EHOSTUNREACH"));
  const { outcomes, asked } = await look([], [], { tryConnect });
  expect(outcomes).toEqual(["EHOSTUNREACH", null, null, null]);
  expect(asked).toEqual([]);
});

test("a silent PUT is followed by a GET with an invalid token, never by one without a token", async () => {
  const { outcomes, asked } = await look(["silence"], [text("", 401)]);
  expect(outcomes).toEqual(["ok", "silent", null, "401"]);
  expect(asked).toEqual(["PUT", "GET invalid"]);
});

describe("what may pass is tried twice more, with a new token", () => {
  for (const status of [401, 404, 408, 429, 500, 503]) {
    test(`${status}, and then metadata`, async () => {
      const { outcomes, retries, slept } = await look([text("t")], [text("", status), text("i-1")]);
      expect(outcomes).toEqual(["ok", "ok", "ok", null]);
      expect({ retries, slept }).toEqual({ retries: 1, slept: [300] });
    });
  }

  test("503 for ever is told after three", async () => {
    const { outcomes, asked, retries } = await look([text("", 503)], []);
    expect(outcomes).toEqual(["ok", "503", null, null]);
    expect({ asked, retries }).toEqual({ asked: ["PUT", "PUT", "PUT"], retries: 2 });
  });
});

test("--retries 0 is one try", async () => {
  const { fetch, asked } = transportOf([text("", 503)]);
  const transport = { fetch, canConnect: null, tryConnect: connected };
  const target = { endpoint, nic: "ens5", transport, deadlineMs: 60_000 };
  await probePath({ clock: fakeClock(), log: fakeLog() }, target, { ...limits, retries: 0 }, never);
  expect(asked).toEqual(["PUT"]);
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
    const { outcomes, asked } = await look([answer], []);
    expect({ outcomes, asked }).toEqual({ outcomes: ["ok", outcome, null, null], asked: ["PUT"] });
  });
}

describe("by the kernel's own routing, which cannot connect alone", () => {
  const routed = async (put: Answer, stands: boolean) => {
    const { fetch } = transportOf([put], ["silence"]);
    const transport = { fetch, canConnect: async () => stands };
    const target = { endpoint, nic: "ens5", transport, deadlineMs: 60_000 };
    const probe = await probePath({ clock: fakeClock(), log: fakeLog() }, target, limits, never);
    return [probe.connect?.outcome, probe.token?.outcome];
  };

  test("an errno was the connection's", async () => {
    const cause = Object.assign(new Error("fetch failed"), { cause: failure("ECONNREFUSED") });
    expect(await routed(cause, false)).toEqual(["ECONNREFUSED", undefined]);
  });

  test("silence is looked into", async () => {
    expect(await routed("silence", false)).toEqual(["ETIMEDOUT", undefined]);
    expect(await routed("silence", true)).toEqual(["ok", "silent"]);
  });
});

test("a stop ends it with its reason", async () => {
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
