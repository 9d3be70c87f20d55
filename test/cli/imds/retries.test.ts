import { expect, setDefaultTimeout, test } from "bun:test";
import { atOnceMs, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

setDefaultTimeout(testLimitMs);

const busyTokens: Scenario = {
  faults: [{ match: "PUT *", fault: { kind: "status", status: 503 } }],
};
const busyValues: Scenario = {
  faults: [{ match: "GET *", fault: { kind: "status", status: 503 } }],
};

const cases: readonly {
  readonly args?: readonly string[];
  readonly attempts?: string;
  readonly tries: number;
}[] = [
  { args: ["--retries", "0"], tries: 1 },
  { args: ["--retries", "3"], tries: 4 },
  { attempts: "3", tries: 3 },
  { args: ["--retries", "0"], attempts: "3", tries: 1 },
];

for (const { args = [], attempts, tries } of cases) {
  const env = attempts === undefined ? {} : { AWS_METADATA_SERVICE_NUM_ATTEMPTS: attempts };
  test.concurrent(
    `${JSON.stringify({ args, env })}: fetch makes exactly ${tries} tries`,
    async () => {
      const [token, value] = await Promise.all([
        fetchOnce(busyTokens, ["mac", ...args], { env }),
        fetchOnce(busyValues, ["mac", ...args], { env }),
      ]);
      expect([token.code, value.code]).toEqual([69, 69]);
      expect([token.simulator.count("PUT *"), token.simulator.count("GET *")]).toEqual([tries, 0]);
      expect([value.simulator.count("PUT *"), value.simulator.count("GET *")]).toEqual([1, tries]);
      const words = tries === 1 ? "(1 try in " : `(${tries} tries in `;
      expect(token.stderr).toContain(words);
    },
  );
}

// without the variable, a try has 2 s, and the answer would come in time
test.concurrent("AWS_METADATA_SERVICE_TIMEOUT ends a try earlier", async () => {
  const env = { AWS_METADATA_SERVICE_TIMEOUT: "0.3" };
  const late: Scenario = { faults: [{ match: "PUT *", fault: { kind: "delay", ms: 1500 } }] };
  const { code, stderr, elapsedMs } = await fetchOnce(late, ["mac", "--retries", "0"], { env });
  expect(code).toBe(69);
  expect(stderr).toContain("no complete answer within 300 ms (1 try in ");
  expect(elapsedMs).toBeGreaterThan(290);
});

// the tree has more than 80 keys, and 6 requests are in flight at most: it takes more than 13 s
test.concurrent("--timeout limits all requests together", async () => {
  const { code, text, elapsedMs } = await fetchOnce({ latencyMs: 1000 }, ["--timeout", "4s"]);
  expect({ code, text }).toEqual({ code: 69, text: "" });
  expect(elapsedMs).toBeGreaterThan(3850);
  expect(elapsedMs).toBeLessThan(atOnceMs);
});
