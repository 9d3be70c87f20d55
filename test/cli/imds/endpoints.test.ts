import { expect, test } from "bun:test";
import { atOnceMs, firstQuick, patient } from "../../kit/basics/busy-machine.ts";
import { fetchFrom, fetchOnce } from "../../kit/program/fetch-from.ts";
import type { Simulator } from "../../../scripts/simulator/simulator.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";

const mac = "06:ec:2a:00:00:00\n";

/** Runs `fetch` with two endpoints: the first one has the scenario, the second one is healthy. */
async function fetchWithTwoEndpoints(scenario: Scenario) {
  await using first = await startSimulator({ scenario });
  await using second = await startSimulator();
  const args = ["--endpoint", second.url, "mac"];
  const run = await fetchFrom(first, args, { env: patient });
  return { ...run, first, second };
}

const failures: Readonly<Record<string, Scenario>> = {
  "refuses connections": { faults: [{ fault: { kind: "refuse" } }] },
  "sends nothing": { faults: [{ fault: { kind: "hang" } }] },
  "answers 403": { disabled: true },
  "gives an empty token": { faults: [{ fault: { kind: "empty" } }] },
};

test.each(Object.entries(failures))(
  "the second endpoint is used if the first %s",
  async (_, failure) => {
    const { code, text, elapsedMs, first, second } = await fetchWithTwoEndpoints(failure);
    expect({ code, text }).toEqual({ code: 0, text: mac });
    expect(elapsedMs).toBeLessThan(atOnceMs);
    expect(first.requests.length).toBeLessThanOrEqual(1);
    expect(first.count("GET *")).toBe(0);
    expect(second.requests.map(({ method }) => method)).toEqual(["PUT", "GET"]);
  },
);

// the second endpoint is tried after 250 ms: on a busy machine the first answer may come later
test("the second endpoint gets no connection if the first is healthy", async () => {
  const run = async () => {
    await using second = await startSimulator();
    const { code, text, simulator } = await fetchOnce({}, ["--endpoint", second.url, "mac"]);
    expect({ code, text }).toEqual({ code: 0, text: mac });
    return [second.connections, simulator.requests.length];
  };
  await firstQuick("only the first endpoint is asked", run, (seen) => Bun.deepEquals(seen, [0, 2]));
});

test("a slow first endpoint is not used, and its token is sent to no endpoint", async () => {
  const { code, second, first } = await fetchWithTwoEndpoints({ latencyMs: atOnceMs });
  expect(code).toBe(0);
  expect(first.count("GET *")).toBe(0);
  const token = second.requests[1]?.headers["x-aws-ec2-metadata-token"];
  expect(token).not.toBe("");
  expect(second.requests[1]?.tokenOk).toBe(true);
});

test("if an endpoint fails in the middle of a tree, the other continues with its own token", async () => {
  await using failing: Simulator = await startSimulator({
    onRequest: () => {
      if (failing.requests.length === 20) failing.addFault({ fault: { kind: "refuse" } });
    },
  });
  await using second = await startSimulator();
  const { code, text } = await fetchFrom(failing, ["--endpoint", second.url]);
  expect(code).toBe(0);
  expect(failing.count("GET *")).toBeGreaterThan(10);
  expect(second.count("GET *")).toBeGreaterThan(10);
  expect(text).toBe((await fetchFrom(second, [])).text);
  expect(second.requests.every(({ method, tokenOk }) => method === "PUT" || tokenOk)).toBe(true);
});

test("an endpoint may have a path, trailing slashes, and an IPv6 address", async () => {
  await using simulator = await startSimulator({
    scenario: { httpProtocolIpv6: "enabled" },
    listen: [
      { host: "127.0.0.1", port: 0 },
      { host: "::1", port: 0 },
    ],
  });
  const [ipv4 = "", ipv6 = ""] = simulator.urls;
  for (const endpoint of [ipv6, `${ipv4}/`, `${ipv4}//`, ipv4.replace("http:", "HTTP:")]) {
    const { code, text } = await runEc2nic({ args: ["fetch", "mac", "--endpoint", endpoint] });
    expect({ endpoint, code, text }).toEqual({ endpoint, code: 0, text: mac });
  }
  await runEc2nic({ args: ["fetch", "mac", "--retries", "0", "--endpoint", `${ipv4}/base/`] });
  expect(simulator.requests.at(-1)?.path).toBe("/base/latest/api/token");
});

test("--endpoint overrides AWS_EC2_METADATA_SERVICE_ENDPOINT, and an empty variable is ignored", async () => {
  await using one = await startSimulator();
  await using two = await startSimulator();
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: one.url };
  expect((await runEc2nic({ args: ["fetch", "mac"], env })).text).toBe(mac);
  expect([one.requests.length, two.requests.length]).toEqual([2, 0]);
  expect((await fetchFrom(two, ["mac"], { env })).text).toBe(mac);
  expect([one.requests.length, two.requests.length]).toEqual([2, 2]);
  const empty = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "" };
  expect((await fetchFrom(two, ["mac"], { env: empty })).code).toBe(0);
});
