import { expect, setDefaultTimeout, test } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";

setDefaultTimeout(testLimitMs);

const scenario: Scenario = {
  iamRole: "web",
  ecsTaskRoles: ["task"],
  userData: "password=hunter2",
  tags: { Name: "web" },
  enis: [{ device: 0, dualStack: true }, { device: 1 }, { device: 2 }],
};

test("fetch reads the tree with one token, at most 6 requests in flight, and each path once", async () => {
  const { code, simulator } = await fetchOnce({ ...scenario, latencyMs: 100 }, []);
  expect(code).toBe(0);
  expect(simulator.count("PUT /latest/api/token")).toBe(1);
  expect(simulator.requests.length).toBeGreaterThan(80);
  expect(simulator.maxInFlight).toBe(6);
  const paths = simulator.requests.map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(simulator.requests.filter(({ method, tokenOk }) => method === "GET" && !tokenOk)).toEqual(
    [],
  );
});

test("fetch reuses the connections of a service that keeps them open", async () => {
  const { code, simulator } = await fetchOnce({ ...scenario, keepAlive: true }, []);
  expect(code).toBe(0);
  expect(simulator.maxConnections).toBeLessThanOrEqual(6);
  expect(simulator.count("PUT *")).toBe(1);
});
