import { expect, setDefaultTimeout, test } from "bun:test";
import { atOnceMs, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchFrom, fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Simulator } from "../../../scripts/simulator/simulator.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";

setDefaultTimeout(testLimitMs);

test.concurrent("--default replaces a missing value in each format", async () => {
  const nope = ["tags/instance/nope", "--default", "none at all"];
  const text = await fetchOnce({}, nope);
  expect([text.code, text.text, text.stderr]).toEqual([0, "none at all\n", ""]);
  const json = await fetchOnce({}, [...nope, "--json"]);
  expect(json.text).toBe('"none at all"\n');
  const env = await fetchOnce({}, [...nope, "--format", "env"]);
  expect(env.text).toBe('EC2_TAGS_INSTANCE_NOPE="none at all"\n');
});

test.concurrent("--default may be empty or begin with a dash", async () => {
  expect((await fetchOnce({}, ["nope", "--default", ""])).text).toBe("\n");
  expect((await fetchOnce({}, ["nope", "--default=-1"])).text).toBe("-1\n");
});

test.concurrent("--default replaces only missing keys", async () => {
  const { text } = await fetchOnce({}, ["mac", "nope", "--default", "d"]);
  expect(JSON.parse(text)).toEqual({ mac: "06:ec:2a:00:00:00", nope: "d" });
});

test.concurrent("--default does not replace an error", async () => {
  const faults = [{ match: "GET *", fault: { kind: "status", status: 503 } as const }];
  const { code, text } = await fetchOnce({ faults }, ["mac", "--default", "d", "--retries", "0"]);
  expect({ code, text }).toEqual({ code: 69, text: "" });
});

// nodeadm #1970: an existing key may be a 404 for about two seconds after the boot
test.concurrent("--wait waits for a value that appears later", async () => {
  await using simulator: Simulator = await startSimulator({
    onRequest: () => {
      if (simulator.count("GET */Name") === 2) simulator.set("tags/instance/Name", "w");
    },
  });
  const { code, text } = await fetchFrom(simulator, ["tags/instance/Name", "--wait"]);
  expect({ code, text }).toEqual({ code: 0, text: "w\n" });
  expect([simulator.count("PUT *"), simulator.count("GET *")]).toEqual([1, 3]);
});

test.concurrent("without --wait, fetch requests a missing key once", async () => {
  const { code, simulator } = await fetchOnce({}, ["nope"]);
  expect(code).toBe(66);
  expect(simulator.count("GET *")).toBe(1);
});

test.concurrent("--wait ends at the deadline with 66 or the default", async () => {
  const [missing, fallback] = await Promise.all([
    fetchOnce({}, ["nope", "--wait", "--timeout", "6s"]),
    fetchOnce({}, ["nope", "--wait", "--timeout", "6s", "--default", "d"]),
  ]);
  expect(missing.code).toBe(66);
  expect([fallback.code, fallback.text]).toEqual([0, "d\n"]);
  for (const { elapsedMs } of [missing, fallback]) {
    expect(elapsedMs).toBeGreaterThan(5850);
    expect(elapsedMs).toBeLessThan(atOnceMs);
  }
});

test.concurrent("--wait for a folder also waits for the keys that it lists", async () => {
  const region = "placement/region";
  await using simulator: Simulator = await startSimulator({
    scenario: { late: { [region]: { afterMs: 1e9, listed: true } } },
    onRequest: () => {
      if (simulator.count(`GET */${region}`) === 2) simulator.set(region, "eu-central-1");
    },
  });
  const { text } = await fetchFrom(simulator, ["placement", "--wait"]);
  expect(JSON.parse(text)).toHaveProperty("region", "eu-central-1");
  expect(simulator.count(`GET */${region}`)).toBe(3);
});
