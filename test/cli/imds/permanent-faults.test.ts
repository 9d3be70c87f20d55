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

/** Variants of the kinds above. */
const moreRetried: readonly Case[] = [
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
      // with more time for a try, the message is that of the fault also on a busy machine
      const env = message === noAnswer ? {} : patient;
      const run = await fetchOnce(scenario, ["mac", "--retries", "1"], { env });
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

// kube2iam #270
test("fetch does not say only that IMDS is switched off if a proxy is in between", async () => {
  const run = await fetchOnce({ proxy: true }, ["mac"]);
  expect([run.code, run.text]).toEqual([78, ""]);
  expect(run.stderr).toContain("switched off for this instance, or a proxy is in between");
  const fault = { kind: "status", status: 403, headers: { Via: "1.1 squid" } } as const;
  const named = await fetchOnce({ faults: [{ fault }] }, ["mac"]);
  expect(named.stderr).toContain("403 through a proxy (Via: 1.1 squid)");
  expect(named.stderr).not.toContain("switched off");
});
