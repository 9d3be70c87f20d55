import { expect, setDefaultTimeout, test } from "bun:test";
import { atOnceMs, patient, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { until } from "../../kit/basics/until.ts";
import { fetchArgs, fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Fault, FaultRule } from "../../../scripts/simulator/faults/fault.ts";
import { startEc2nic } from "../../kit/program/run-ec2nic.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";

setDefaultTimeout(testLimitMs);

const mac = "06:ec:2a:00:00:00\n";

/** Each applies to two requests. A try has 2 s. The type requires one row per kind. */
const temporary: {
  readonly [K in Exclude<Fault["kind"], "redirect" | "empty" | "refuse">]: Fault;
} = {
  status: { kind: "status", status: 503 },
  hang: { kind: "hang" },
  "hang-headers": { kind: "hang-headers" },
  reset: { kind: "reset" },
  close: { kind: "close" },
  slow: { kind: "slow", everyMs: 500 },
  delay: { kind: "delay", ms: 3000 },
  cut: { kind: "cut" },
  "cut-chunked": { kind: "cut-chunked" },
  garbage: { kind: "garbage" },
  oversized: { kind: "oversized" },
  "token-rejected": { kind: "token-rejected" },
};

/** After these, only the time limit of a try causes the next try. */
const endless: readonly Fault["kind"][] = ["hang", "hang-headers", "slow", "delay"];

for (const fault of Object.values(temporary)) {
  for (const match of fault.kind === "token-rejected" ? ["PUT *"] : ["PUT *", "GET *"]) {
    test.concurrent(
      `fetch gets the value with 3 requests: ${match} ${JSON.stringify(fault)} twice`,
      async () => {
        const faults = [{ fault, match, times: 2 }];
        const env = endless.includes(fault.kind) ? {} : patient;
        const run = await fetchOnce({ faults }, ["mac"], { env });
        expect({ code: run.code, text: run.text, stderr: run.stderr }).toEqual({
          code: 0,
          text: mac,
          stderr: "",
        });
        // if a reused connection breaks during a GET, Bun's fetch itself sends the request again
        // (RFC 9110 §9.2.2 allows it), which replaces one try of ec2nic: there are three in any case
        expect(run.simulator.count(match)).toBe(3);
        expect(run.elapsedMs).toBeLessThan(atOnceMs);
      },
    );
  }
}

test.concurrent(
  "fetch renews a token that expires in the middle of a tree, and the output is complete",
  async () => {
    const expected = (await fetchOnce({}, [])).text;
    const faults = [
      { fault: { kind: "status", status: 401 } as const, match: "GET *", skip: 9, times: 6 },
    ];
    const of = { faults, latencyMs: 5 };
    const { code, text, simulator } = await fetchOnce(of, [], { env: patient });
    expect({ code, same: text === expected }).toEqual({ code: 0, same: true });
    // several requests are rejected with one token, and share the next one
    const rejected = simulator.requests.filter(({ status }) => status === 401);
    const tokens = new Set(rejected.map(({ headers }) => headers["x-aws-ec2-metadata-token"]));
    expect(rejected).toHaveLength(6);
    expect(simulator.count("PUT *")).toBe(1 + tokens.size);
  },
);

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

test.concurrent("fetch waits for the Retry-After of a 503", async () => {
  const fault: Fault = { kind: "status", status: 503, headers: { "Retry-After": "1" } };
  const faults: FaultRule[] = [{ match: "PUT *", fault, times: 2 }];
  const { code, text, elapsedMs, simulator } = await fetchOnce({ faults }, ["mac"]);
  expect({ code, text }).toEqual({ code: 0, text: mac });
  expect(elapsedMs).toBeGreaterThan(2000);
  expect(elapsedMs).toBeLessThan(atOnceMs);
  expect(simulator.count("PUT *")).toBe(3);
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
