import { expect, setDefaultTimeout, test } from "bun:test";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { until } from "../../kit/basics/until.ts";
import { fetchArgs, fetchOnce } from "../../kit/program/fetch-from.ts";
import { startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import type { Fault, FaultRule } from "../../../scripts/simulator/faults/fault.ts";

setDefaultTimeout(testLimitMs);

const mac = "06:ec:2a:00:00:00\n";

/** How a run ends if every reply has this fault. */
interface Case {
  readonly fault: Fault;
  readonly status: number;
  readonly message: RegExp;
}

/** The service never answers, or much later. A try has time for an answer on a busy machine. */
const noAnswer = /no complete answer within 6000 ms/;
const limitOf = (message: RegExp) =>
  message === noAnswer ? { AWS_METADATA_SERVICE_TIMEOUT: "6" } : patient;
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
      const env = limitOf(message);
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

  for (const { fault, message } of Object.values(retried)) {
    const { match: matched } = rule(fault, match);
    if (message === noAnswer || match !== matched) continue;
    const name = `${match} ${JSON.stringify(fault)}`;
    test.concurrent(`fetch gets the value with the third try: ${name} twice`, async () => {
      const faults = [{ fault, match, times: 2 }];
      const run = await fetchOnce({ faults }, ["mac"], { env: patient });
      const { code, text, stderr, simulator } = run;
      expect({ code, text, stderr }).toEqual({ code: 0, text: mac, stderr: "" });
      // Bun's own repetition (see above) replaces a try: there are three in any case
      expect(simulator.count(match)).toBe(3);
    });
  }
}

function hasToken(headers: Readonly<Record<string, string>>): boolean {
  return (headers["x-aws-ec2-metadata-token"] ?? "") !== "";
}

// at boot, half of the first requests that fail are refused connections
test.concurrent("fetch retries refused connections until the port opens", async () => {
  const faults = [{ fault: { kind: "refuse" } as const }];
  await using simulator = await startSimulator({ scenario: { faults } });
  const run = startEc2nic({ args: fetchArgs(simulator.url, ["mac", "-v"]) });
  await until("a connection is refused", () =>
    run.output().includes("connection refused; trying again"),
  );
  await simulator.clearFaults();
  expect(await run.result).toMatchObject({ code: 0, text: mac });
});

test.concurrent(
  "fetch reads the whole tree under a rate limit, with few throttled requests",
  async () => {
    const rateLimit = { perSecond: 40, retryAfter: 1 };
    const { code, simulator } = await fetchOnce({ rateLimit }, []);
    expect(code).toBe(0);
    expect(simulator.requests.filter(({ status }) => status === 503).length).toBeLessThan(40);
  },
);

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
