import { describe, expect, test } from "bun:test";
import { exchange, type HttpRequest } from "../../../../src/imds/protocol/exchange.ts";
import type { HttpTransport } from "../../../../src/host/host.ts";
import { fakeClock } from "../../../kit/host/fake-host.ts";

const running = new AbortController().signal;

const request: HttpRequest = {
  method: "GET",
  url: "http://169.254.169.254/latest/meta-data/instance-id",
  headers: { "x-aws-ec2-metadata-token": "t" },
  maxBytes: 4,
  timeoutMs: 60_000,
  connectMs: null,
};

type Transport = Partial<HttpTransport>;

async function send(transport: Transport, more: Partial<HttpRequest> = {}, stop = running) {
  const fetch = async () => new Response("i-1");
  const http = { fetch, canConnect: null, ...transport };
  return exchange({ http, clock: fakeClock() }, { ...request, ...more }, stop);
}

/** Rejects with the reason of its signal, as fetch does; else it never ends. */
const silent: HttpTransport["fetch"] = async (_, { signal }) =>
  new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });

/** A response whose body breaks off after its first bytes. */
function brokenBody(status: number): Response {
  let isStarted = false;
  const pull = (controller: ReadableStreamDefaultController): void => {
    if (isStarted) controller.error(Object.assign(new Error("cut"), { code: "ECONNRESET" }));
    else controller.enqueue(new TextEncoder().encode("i"));
    isStarted = true;
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { status });
}

test("a request follows no redirect, and asks for no coding of the body", async () => {
  const inits: RequestInit[] = [];
  const fetch = async (_: string, init: RequestInit) => {
    inits.push(init);
    return new Response("", { status: 302, headers: { location: "http://192.0.2.1/" } });
  };
  expect(await send({ fetch })).toMatchObject({ kind: "response", status: 302 });
  expect(inits.map(({ method, redirect }) => ({ method, redirect }))).toEqual([
    { method: "GET", redirect: "manual" },
  ]);
  const headers = Object.fromEntries(new Headers(inits[0]?.headers));
  expect(headers).toEqual({ "x-aws-ec2-metadata-token": "t", "accept-encoding": "identity" });
});

describe("the body", () => {
  const bytes = new TextEncoder().encode("i-1");
  const cut = { kind: "failed", codes: ["ECONNRESET"], message: "Error: cut" };
  const cases = [
    {
      what: "up to maxBytes",
      response: () => new Response("i-1"),
      body: { kind: "complete", bytes },
    },
    { what: "beyond maxBytes", response: () => new Response("i-123"), body: { kind: "too-large" } },
    { what: "that breaks off", response: () => brokenBody(200), body: cut },
    { what: "of an error that breaks off", response: () => brokenBody(503), body: cut },
  ] as const;
  for (const { what, response, body } of cases) {
    test(what, async () => {
      const result = await send({ fetch: async () => response() });
      if (result.kind !== "response") throw new Error(`no response: ${result.message}`);
      expect({ ...result.body }).toMatchObject({ ...body });
    });
  }
});

describe("an error", () => {
  test("has the codes of its causes, outermost first", async () => {
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const error = Object.assign(new Error("fetch failed", { cause }), { code: "ERR_FETCH" });
    const result = await send({ fetch: async () => Promise.reject(error) });
    expect(result).toMatchObject({ kind: "failed", codes: ["ERR_FETCH", "ECONNREFUSED"] });
  });

  test("after timeoutMs is a timeout", async () => {
    const result = await send({ fetch: silent }, { timeoutMs: 10 });
    const message = "no complete answer within 10 ms";
    expect(result).toMatchObject({ kind: "timeout", codes: [], message });
  });

  test("names connectMs where a second connection is not established either", async () => {
    const asked: unknown[] = [];
    const canConnect = async (...args: unknown[]) => asked.push(args) === 0;
    await send({ canConnect }, { connectMs: 900 }); // is answered, so it tests no connection
    const result = await send({ fetch: silent, canConnect }, { connectMs: 800 });
    const message = "no connection within 800 ms";
    expect(result).toMatchObject({ kind: "connect-timeout", codes: [], message });
    expect(asked).toEqual([["169.254.169.254", 80, 300]]);
  });
});

test("a stop is thrown with its reason, whatever has arrived", async () => {
  const stop = AbortSignal.abort(new Error("Ctrl-C"));
  await expect(send({ fetch: silent }, { timeoutMs: 10 }, stop)).rejects.toThrow("Ctrl-C");
  await expect(send({}, {}, stop)).rejects.toThrow("Ctrl-C");
});
