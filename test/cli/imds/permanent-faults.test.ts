import { expect, setDefaultTimeout, test } from "bun:test";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Fault, FaultRule } from "../../../scripts/simulator/faults/fault.ts";

setDefaultTimeout(testLimitMs);

/** How a run ends if every reply has this fault. */
interface Case {
  readonly fault: Fault;
  readonly status: number;
  readonly message: RegExp;
}

/** A try has 2 s; the service never answers, or much later. */
const noAnswer = /no complete answer within 2000 ms/;
const cut = /the connection was cut/;

/** Faults that may be temporary, which are retried. The type requires one row per kind. */
const retried: { readonly [K in Exclude<Fault["kind"], "redirect" | "empty">]: Case } = {
  status: { fault: { kind: "status", status: 503 }, status: 69, message: /503, throttled/ },
  refuse: { fault: { kind: "refuse" }, status: 69, message: /connection refused/ },
  hang: { fault: { kind: "hang" }, status: 69, message: noAnswer },
  "hang-headers": { fault: { kind: "hang-headers" }, status: 69, message: noAnswer },
  reset: { fault: { kind: "reset" }, status: 69, message: cut },
  close: { fault: { kind: "close" }, status: 69, message: cut },
  slow: { fault: { kind: "slow", everyMs: 500 }, status: 69, message: noAnswer },
  delay: { fault: { kind: "delay", ms: 30_000 }, status: 69, message: noAnswer },
  cut: { fault: { kind: "cut" }, status: 69, message: cut },
  "cut-chunked": { fault: { kind: "cut-chunked" }, status: 69, message: cut },
  garbage: { fault: { kind: "garbage" }, status: 65, message: /the answer is not HTTP/ },
  oversized: { fault: { kind: "oversized" }, status: 65, message: /larger than \d+ bytes/ },
  "token-rejected": {
    fault: { kind: "token-rejected" },
    status: 69,
    message: /401, the token was not accepted/,
  },
};

/** Other statuses, and variants of the kinds above. */
const moreRetried: readonly Case[] = [
  { fault: { kind: "status", status: 429 }, status: 69, message: /429, throttled/ },
  { fault: { kind: "status", status: 500 }, status: 69, message: /500, server error/ },
  { fault: { kind: "status", status: 502 }, status: 69, message: /502, server error/ },
  { fault: { kind: "status", status: 401 }, status: 69, message: /401/ },
  { fault: { kind: "status", status: 408 }, status: 69, message: /408, timed out/ },
  { fault: { kind: "status", status: 204 }, status: 65, message: /204 is not a status of IMDS/ },
  { fault: { kind: "oversized", framing: "chunked" }, status: 65, message: /larger than/ },
  { fault: { kind: "cut", bytes: 0 }, status: 69, message: cut },
];

function rule(fault: Fault, match: string): FaultRule {
  if (fault.kind === "refuse") return { fault };
  return { fault, match: fault.kind === "token-rejected" ? "PUT *" : match };
}

for (const match of ["PUT *", "GET *"]) {
  for (const { fault, status, message } of [...Object.values(retried), ...moreRetried]) {
    const name = `${match} ${JSON.stringify(fault)}`;
    test.concurrent(`fetch tries once more after ${name}, and exits with ${status}`, async () => {
      const scenario = { faults: [rule(fault, match)] };
      const run = await fetchOnce(scenario, ["mac", "--retries", "1"]);
      expect({ code: run.code, text: run.text }).toEqual({ code: status, text: "" });
      expect(run.stderr).toMatch(message);
      expect(run.stderr).toContain("(2 tries in ");
      expect(run.elapsedMs).toBeLessThan(atOnceMs);
      const { requests } = run.simulator;
      if (fault.kind !== "refuse") {
        expect(run.simulator.count(match)).toBeGreaterThanOrEqual(2);
        // if a reused connection breaks during a GET, Bun's fetch itself sends it once more
        expect(run.simulator.count(match)).toBeLessThanOrEqual(3);
      }
      expect(requests.every(({ method, headers }) => method === "PUT" || hasToken(headers))).toBe(
        true,
      );
    });
  }

  test.concurrent(`fetch retries ${match} until the deadline, more and more rarely`, async () => {
    const scenario = { faults: [rule({ kind: "status", status: 503 }, match)] };
    const run = await fetchOnce(scenario, ["mac", "--timeout", "6s"]);
    expect({ code: run.code, text: run.text }).toEqual({ code: 69, text: "" });
    expect(run.stderr).toContain("503, throttled");
    expect(run.elapsedMs).toBeGreaterThan(5850); // less than 100 ms are too short for a try
    expect(run.elapsedMs).toBeLessThan(atOnceMs);
    expect(run.simulator.count(match)).toBeGreaterThan(1);
    expect(run.simulator.count(match)).toBeLessThan(40);
  });
}

function hasToken(headers: Readonly<Record<string, string>>): boolean {
  return (headers["x-aws-ec2-metadata-token"] ?? "") !== "";
}

// that nothing was answered in the time which was left shows nothing about IMDS
test.concurrent(
  "the message names the error of IMDS, not the last try that the deadline ended",
  async () => {
    const faults: FaultRule[] = [
      { fault: { kind: "status", status: 503 }, times: 2 },
      { fault: { kind: "hang" } },
    ];
    const args = ["mac", "--timeout", "15s"];
    const { code, stderr, simulator } = await fetchOnce({ faults }, args, { env: patient });
    expect({ code, requests: simulator.requests.length }).toEqual({ code: 69, requests: 3 });
    expect(stderr).toContain("503, throttled");
  },
);

test.concurrent("messages give times in milliseconds without decimals", async () => {
  const scenario = { faults: [{ fault: { kind: "hang" } as const }] };
  const env = { AWS_METADATA_SERVICE_TIMEOUT: "0.2" };
  const { stderr } = await fetchOnce(scenario, ["mac", "--timeout", "700ms", "-v"], { env });
  expect(stderr).toMatch(/no complete answer within 200 ms/);
  expect(stderr).not.toMatch(/\d\.\d+ ms/);
});

/** Faults that no retry will fix: reported at once, after one try. */
const final: readonly Case[] = [
  {
    fault: { kind: "status", status: 403 },
    status: 78,
    message: /403, IMDS is switched off for this instance/,
  },
  { fault: { kind: "status", status: 400 }, status: 65, message: /400, a refusal/ },
  { fault: { kind: "status", status: 405 }, status: 65, message: /405, a refusal/ },
  ...[301, 302, 303, 307, 308].map((status) => ({
    fault: { kind: "redirect", location: "http://127.0.0.1:1/", status } as const,
    status: 65,
    message: /a redirect, so this is not IMDS/,
  })),
];

for (const { fault, status, message } of final) {
  for (const [match, puts, gets] of [["PUT *", 1, 0] as const, ["GET *", 1, 1] as const]) {
    test(`fetch exits with ${status} at once: ${match} ${JSON.stringify(fault)}`, async () => {
      const run = await fetchOnce({ faults: [{ fault, match }] }, ["mac"]);
      expect({ code: run.code, text: run.text }).toEqual({ code: status, text: "" });
      expect(run.stderr).toMatch(message);
      expect(run.elapsedMs).toBeLessThan(atOnceMs);
      expect([run.simulator.count("PUT *"), run.simulator.count("GET *")]).toEqual([puts, gets]);
    });
  }
}

test("a 403 in the middle of a tree ends the run at once", async () => {
  const faults = [{ match: "GET */region", fault: { kind: "status", status: 403 } as const }];
  const { code, elapsedMs, simulator } = await fetchOnce({ faults }, []);
  expect({ code, requests: simulator.count("GET */region") }).toEqual({ code: 78, requests: 1 });
  expect(elapsedMs).toBeLessThan(atOnceMs);
});

test("fetch rejects an empty token or value with 65, but accepts an empty tag", async () => {
  const empty = (match: string) => ({ faults: [{ match, fault: { kind: "empty" } as const }] });
  const token = await fetchOnce(empty("PUT *"), ["mac", "--retries", "1"]);
  expect([token.code, token.simulator.count("GET *")]).toEqual([65, 0]);
  const value = await fetchOnce(empty("GET *"), ["mac", "--retries", "1"]);
  expect([value.code, value.text]).toEqual([65, ""]);
  const tag = await fetchOnce(empty("GET *"), ["tags/instance/Name"]);
  expect([tag.code, tag.text]).toEqual([0, "\n"]);
});

// a captive portal answers 200 to everything, and its page would be sent back as a token
test.each(["<html>log in</html>\n", "a b", "t\u0007", "grüße"])(
  "fetch rejects %p as a token",
  async (body) => {
    const faults = [{ match: "PUT *", fault: { kind: "status", status: 200, body } as const }];
    const { code, stderr, simulator } = await fetchOnce({ faults }, ["mac", "--retries", "0"]);
    expect([code, simulator.count("GET *")]).toEqual([65, 0]);
    expect(stderr).toContain("the answer is not a token");
  },
);

test("fetch rejects a reply with a content coding that it did not request", async () => {
  const headers = { "Content-Encoding": "gzip" };
  const fault = { kind: "status", status: 200, headers, body: "x" } as const;
  const faults = [{ match: "GET *", fault }];
  expect((await fetchOnce({ faults }, ["mac", "--retries", "0"])).code).toBe(65);
});
