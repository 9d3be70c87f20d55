import { expect, test } from "bun:test";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { timedTest } from "../../kit/basics/timed-test.ts";

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
  { args: ["--retries", "1"], tries: 2 },
  { args: ["--retries", "3"], tries: 4 },
  { attempts: "1", tries: 1 },
  { attempts: "3", tries: 3 },
  { args: ["--retries", "0"], attempts: "3", tries: 1 },
];

for (const { args = [], attempts, tries } of cases) {
  const env = attempts === undefined ? {} : { AWS_METADATA_SERVICE_NUM_ATTEMPTS: attempts };
  timedTest(`${JSON.stringify({ args, env })}: fetch makes exactly ${tries} tries`, async () => {
    const [token, value] = await Promise.all([
      fetchOnce(busyTokens, ["mac", ...args], { env }),
      fetchOnce(busyValues, ["mac", ...args], { env }),
    ]);
    expect([token.code, value.code]).toEqual([69, 69]);
    expect([token.simulator.count("PUT *"), token.simulator.count("GET *")]).toEqual([tries, 0]);
    expect([value.simulator.count("PUT *"), value.simulator.count("GET *")]).toEqual([1, tries]);
    const words = tries === 1 ? "(1 try in " : `(${tries} tries in `;
    expect(token.stderr).toContain(words);
  });
}

test("with --retries 0, a broken connection is not tried again", async () => {
  for (const kind of ["reset", "close", "cut", "garbage"] as const) {
    const faults = [{ match: "PUT *", fault: { kind } }];
    const { code, simulator } = await fetchOnce({ faults }, ["mac", "--retries", "0"]);
    expect([kind, code, simulator.requests.length]).toEqual([
      kind,
      kind === "garbage" ? 65 : 69,
      1,
    ]);
  }
});

timedTest("a try ends after 2 s", async () => {
  const hang: Scenario = { faults: [{ fault: { kind: "hang" } }] };
  const { code, elapsedMs } = await fetchOnce(hang, ["mac", "--retries", "0"]);
  expect(code).toBe(69);
  expect(elapsedMs).toBeGreaterThan(1950);
  expect(elapsedMs).toBeLessThan(2300);
});

timedTest("AWS_METADATA_SERVICE_TIMEOUT ends a try earlier", async () => {
  const env = { AWS_METADATA_SERVICE_TIMEOUT: "0.3" };
  const hang: Scenario = { faults: [{ match: "GET *", fault: { kind: "hang" } }] };
  const { code, elapsedMs } = await fetchOnce(hang, ["mac", "--retries", "0"], { env });
  expect(code).toBe(69);
  expect(elapsedMs).toBeGreaterThan(290);
  expect(elapsedMs).toBeLessThan(600);
});

timedTest("--timeout limits all tries together", async () => {
  const scenario: Scenario = { latencyMs: 120 };
  const { code, text, elapsedMs } = await fetchOnce(scenario, ["--timeout", "500ms"]);
  expect({ code, text }).toEqual({ code: 69, text: "" });
  expect(elapsedMs).toBeGreaterThan(450);
  expect(elapsedMs).toBeLessThan(800);
});
