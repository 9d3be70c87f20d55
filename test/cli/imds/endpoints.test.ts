import { expect, test } from "bun:test";
import { fetchFrom, fetchOnce } from "../../kit/program/fetch-from.ts";
import { startSimulator } from "../../../scripts/simulator/start.ts";
import type { Scenario } from "../../../scripts/simulator/scenario/scenario.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";

const mac = "06:ec:2a:00:00:00\n";

/** A dead endpoint first, a healthy one after it. */
async function withDeadFirst(scenario: Scenario, more: readonly string[] = []) {
  await using dead = await startSimulator({ scenario });
  await using alive = await startSimulator();
  const args = ["--endpoint", alive.url, "mac", ...more];
  const run = await fetchFrom(dead, args);
  return { ...run, dead, alive };
}

const deaths: Readonly<Record<string, Scenario>> = {
  refuses: { faults: [{ fault: { kind: "refuse" } }] },
  "is silent": { faults: [{ fault: { kind: "hang" } }] },
  "resets connections": { faults: [{ fault: { kind: "reset" } }] },
  "is something else": { faults: [{ fault: { kind: "garbage" } }] },
  redirects: { faults: [{ fault: { kind: "redirect", location: "http://127.0.0.1:1/" } }] },
  "says 403": { disabled: true },
  "says 503": { faults: [{ fault: { kind: "status", status: 503 } }] },
  "gives no token": { faults: [{ fault: { kind: "empty" } }] },
};

test.each(Object.entries(deaths))("the first endpoint %s: the second answers", async (_, death) => {
  const { code, text, elapsedMs, dead, alive } = await withDeadFirst(death);
  expect({ code, text }).toEqual({ code: 0, text: mac });
  expect(elapsedMs).toBeLessThan(700);
  expect(dead.requests.length).toBeLessThanOrEqual(1);
  expect(dead.count("GET *")).toBe(0);
  expect(alive.requests.map(({ method }) => method)).toEqual(["PUT", "GET"]);
});

test("a healthy first endpoint: the second is not asked", async () => {
  await using second = await startSimulator();
  const { code, simulator } = await fetchOnce({}, ["--endpoint", second.url, "mac"]);
  expect([code, second.connections, simulator.requests.length]).toEqual([0, 0, 2]);
});

test("a slow first endpoint loses the race, and its token goes nowhere", async () => {
  const { code, alive, dead } = await withDeadFirst({ latencyMs: 400 });
  expect(code).toBe(0);
  expect(dead.count("GET *")).toBe(0);
  const token = alive.requests[1]?.headers["x-aws-ec2-metadata-token"];
  expect(token).not.toBe("");
  expect(alive.requests[1]?.tokenOk).toBe(true);
});

test("all endpoints dead: 69, and why of each", async () => {
  await using other = await startSimulator({ scenario: deaths["refuses"] ?? {} });
  const args = ["--endpoint", other.url, "mac", "--retries", "0"];
  const { code, stderr, simulator } = await fetchOnce(deaths["says 503"] ?? {}, args);
  expect(code).toBe(69);
  expect(stderr).toContain(`${simulator.url}: 503, throttled; ${other.url}: connection refused`);
});

// a 403 from one of two ways is IMDS's word where the other is only silent
test("one says 403, the other refuses: 78", async () => {
  await using other = await startSimulator({ scenario: deaths["refuses"] ?? {} });
  expect((await fetchOnce({ disabled: true }, ["--endpoint", other.url, "mac"])).code).toBe(78);
});

test("an endpoint that dies in the middle of a tree: the other goes on, with a token of its own", async () => {
  const scenario: Scenario = {
    latencyMs: 4,
    faults: [{ fault: { kind: "refuse" }, afterMs: 120 }],
  };
  await using dying = await startSimulator({ scenario });
  await using alive = await startSimulator();
  const args = ["--endpoint", alive.url, "--timeout", "8s"];
  const { code, text } = await fetchFrom(dying, args);
  expect(code).toBe(0);
  expect(text).toBe((await fetchFrom(alive, [])).text);
  expect(alive.requests.every(({ method, tokenOk }) => method === "PUT" || tokenOk)).toBe(true);
});

test("an endpoint may have a path, a slash at the end, and be IPv6", async () => {
  await using simulator = await startSimulator({
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

test("AWS_EC2_METADATA_SERVICE_ENDPOINT is used, the flag wins, empty is none", async () => {
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

test.each(["true", "True", "TRUE"])(
  "AWS_EC2_METADATA_DISABLED=%s: 78, no request",
  async (value) => {
    const env = { AWS_EC2_METADATA_DISABLED: value };
    const { code, text, simulator } = await fetchOnce({}, ["mac"], { env });
    expect([code, text, simulator.connections]).toEqual([78, "", 0]);
  },
);

test.each(["false", "", "0", "1", "yes"])("AWS_EC2_METADATA_DISABLED=%p is no", async (value) => {
  const env = { AWS_EC2_METADATA_DISABLED: value };
  expect((await fetchOnce({}, ["mac"], { env })).code).toBe(0);
});
