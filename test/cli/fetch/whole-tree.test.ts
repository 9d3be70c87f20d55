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

const secrets = /simulated-secret|simulated-session-token|ASIAEXAMPLE|hunter2/;

test("the whole tree has no credentials and no user-data, and fetch does not request them", async () => {
  const { code, text, stderr, simulator } = await fetchOnce(scenario, []);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(text).not.toMatch(secrets);
  const tree = JSON.parse(text) as Record<string, unknown>;
  expect(Object.keys(tree)).toEqual(Object.keys(tree).toSorted());
  expect(tree).toMatchObject({
    "instance-id": "i-0ec20000000000001",
    dynamic: { "instance-identity": { document: expect.stringContaining("accountId") } },
    network: { interfaces: { macs: { "06:ec:2a:00:00:02": { "device-number": "2" } } } },
    tags: { instance: { Name: "web" } },
  });
  expect(tree).toMatchObject({ iam: { info: expect.stringContaining("instance-profile/web") } });
  for (const secret of ["security-credentials", "identity-credentials", "user-data"]) {
    expect(text).not.toContain(`"${secret}"`);
    expect(simulator.count(`GET */${secret}*`)).toBe(0);
  }
});

test("--show-secrets adds credentials and user-data to the whole tree", async () => {
  const { code, text } = await fetchOnce(scenario, ["--show-secrets"]);
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({
    "user-data": "password=hunter2",
    iam: { "security-credentials": { web: expect.stringContaining("simulated-secret-ROLE") } },
    "iam-ecs-0": { "security-credentials": { task: expect.stringContaining("secret-TASK") } },
    "identity-credentials": { ec2: { "security-credentials": {} } },
  });
});

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
