import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Fault, FaultRule } from "../../../scripts/simulator/faults/fault.ts";
import { timedTest } from "../../kit/basics/timed-test.ts";

const mac = "06:ec:2a:00:00:00\n";
const quick = { env: { AWS_METADATA_SERVICE_TIMEOUT: "0.2" } };

/** Each applies to two requests. The type requires one row per kind. */
const temporary: {
  readonly [K in Exclude<Fault["kind"], "redirect" | "empty" | "refuse">]: Fault;
} = {
  status: { kind: "status", status: 503 },
  hang: { kind: "hang" },
  "hang-headers": { kind: "hang-headers" },
  reset: { kind: "reset" },
  close: { kind: "close" },
  slow: { kind: "slow", everyMs: 50 },
  delay: { kind: "delay", ms: 900 },
  cut: { kind: "cut" },
  "cut-chunked": { kind: "cut-chunked" },
  garbage: { kind: "garbage" },
  oversized: { kind: "oversized" },
  "token-rejected": { kind: "token-rejected" },
};

const statuses = [401, 408, 429, 500, 502, 504].map(
  (status) => ({ kind: "status", status }) as const,
);

for (const fault of [...Object.values(temporary), ...statuses]) {
  for (const match of fault.kind === "token-rejected" ? ["PUT *"] : ["PUT *", "GET *"]) {
    timedTest(
      `fetch gets the value with 3 requests: ${match} ${JSON.stringify(fault)} twice`,
      async () => {
        const faults = [{ fault, match, times: 2 }];
        const run = await fetchOnce({ faults }, ["mac", "--timeout", "8s"], quick);
        expect({ code: run.code, text: run.text, stderr: run.stderr }).toEqual({
          code: 0,
          text: mac,
          stderr: "",
        });
        // if a reused connection breaks during a GET, Bun's fetch itself sends the request again
        // (RFC 9110 §9.2.2 allows it), which replaces one try of ec2nic: there are three in any case
        expect(run.simulator.count(match)).toBe(3);
        expect(run.elapsedMs).toBeLessThan(3000);
      },
    );
  }
}

// NixOS saw that IMDS rejected ten out of ten first tokens; only a new token helps
timedTest("after a 401, fetch gets a new token each time and uses none twice", async () => {
  const faults = [{ fault: { kind: "token-rejected" } as const, times: 3 }];
  const { code, text, simulator } = await fetchOnce({ faults }, ["mac"]);
  expect({ code, text }).toEqual({ code: 0, text: mac });
  expect(simulator.requests.map(({ method }) => method).join(" ")).toBe(
    "PUT GET PUT GET PUT GET PUT GET",
  );
  const tokens = simulator.requests.flatMap(({ method, headers }) =>
    method === "GET" ? headers["x-aws-ec2-metadata-token"] : [],
  );
  expect(new Set(tokens).size).toBe(4);
});

timedTest(
  "fetch renews a token that expires in the middle of a tree, and the output is complete",
  async () => {
    const expected = (await fetchOnce({}, [])).text;
    const faults = [
      { fault: { kind: "status", status: 401 } as const, match: "GET *", skip: 9, times: 6 },
    ];
    const { code, text, simulator } = await fetchOnce({ faults, latencyMs: 5 }, []);
    expect({ code, same: text === expected }).toEqual({ code: 0, same: true });
    expect(simulator.count("PUT *")).toBeLessThanOrEqual(4);
  },
);

// at boot, half of the first requests that fail are refused connections
timedTest("fetch retries refused connections until the port opens", async () => {
  const faults = [{ fault: { kind: "refuse" } as const, forMs: 400 }];
  const { code, text, elapsedMs } = await fetchOnce({ faults }, ["mac", "--timeout", "8s"]);
  expect({ code, text }).toEqual({ code: 0, text: mac });
  expect(elapsedMs).toBeGreaterThan(350);
});

const retryAfterValues: readonly { readonly name: string; readonly value: () => string }[] = [
  { name: "seconds", value: () => "1" },
  { name: "a date", value: () => new Date(Date.now() + 2000).toUTCString() },
];

for (const { name, value } of retryAfterValues) {
  timedTest(`fetch waits for the Retry-After of a 503, given as ${name}`, async () => {
    const headers = { "Retry-After": value() };
    const fault: Fault = { kind: "status", status: 503, headers };
    const faults: FaultRule[] = [{ match: "PUT *", fault, times: name === "seconds" ? 2 : 1 }];
    const { code, text, elapsedMs, simulator } = await fetchOnce({ faults }, ["mac"]);
    expect({ code, text }).toEqual({ code: 0, text: mac });
    expect(elapsedMs).toBeGreaterThan(name === "seconds" ? 2000 : 900);
    expect(elapsedMs).toBeLessThan(2900);
    expect(simulator.count("PUT *")).toBe(name === "seconds" ? 3 : 2);
  });
}

timedTest("fetch exits with 69 at once if Retry-After is later than the deadline", async () => {
  const headers = { "Retry-After": "30" };
  const faults = [{ fault: { kind: "status", status: 503, headers } as const }];
  const args = ["mac", "--timeout", "5s"];
  const { code, elapsedMs, simulator } = await fetchOnce({ faults }, args);
  expect([code, simulator.requests.length]).toEqual([69, 1]);
  expect(elapsedMs).toBeLessThan(500);
});

test.concurrent.each(["soon", "-1", "", "1e9", "99999999999"])(
  "fetch ignores an invalid or excessive Retry-After: %p",
  async (value) => {
    const headers = { "Retry-After": value };
    const faults = [{ fault: { kind: "status", status: 503, headers } as const, times: 1 }];
    expect((await fetchOnce({ faults }, ["mac", "--timeout", "5s"])).code).toBe(0);
  },
);

timedTest(
  "fetch reads the whole tree under a rate limit, with few throttled requests",
  async () => {
    const rateLimit = { perSecond: 40, retryAfter: 1 };
    const { code, simulator } = await fetchOnce({ rateLimit }, ["--timeout", "15s"]);
    expect(code).toBe(0);
    expect(simulator.requests.filter(({ status }) => status === 503).length).toBeLessThan(40);
  },
);
