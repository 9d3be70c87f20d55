import { expect } from "bun:test";
import { aroundOwnImds } from "../../kit/program/own-imds.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";

// in a network namespace of its own each time: nothing here reaches the machine's own IMDS
const testInNamespace = testUnless(
  missingRoot() ??
    missingTool("ip") ??
    failingCommand("unshare", "--net", "ip", "link", "add", "hole", "type", "veth"),
);
const args = ["fetch", "mac", "--timeout", "5s"];
/** A link on which everything is swallowed: the neighbour is known, and nobody has its address. */
const blackHole = [
  "ip link add hole type veth peer name end",
  "ip link set hole up; ip link set end up",
  "ip address add 169.254.0.9/16 dev hole",
  "ip neighbour add 169.254.169.254 lladdr 02:00:00:00:00:01 dev hole nud permanent",
].join("\n");

testInNamespace("by default IMDS is 169.254.169.254", async () => {
  const run = await runEc2nic({ args, namespace: true, around: aroundOwnImds(["ipv4"]) });
  expect({ code: run.code, text: run.text }).toEqual({ code: 0, text: "06:ec:2a:00:00:00\n" });
});

testInNamespace("or fd00:ec2::254, within a second where the first is a black hole", async () => {
  const around = aroundOwnImds(["ipv6"], blackHole);
  const script = 'date +%s%3N; "$@"; date +%s%3N';
  const timed = [...around, "sh", "-c", script, "sh"];
  const { text } = await runEc2nic({ args, namespace: true, around: timed });
  const [startMs, mac, endMs] = text.split("\n");
  expect(mac).toBe("06:ec:2a:00:00:00");
  expect(Number(endMs) - Number(startMs)).toBeLessThan(1000);
});

for (const [mode, family] of [["IPv4", "ipv4"] as const, ["IPv6", "ipv6"] as const]) {
  testInNamespace(`AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=${mode} asks that one only`, async () => {
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode };
    const right = aroundOwnImds([family]);
    const wrong = aroundOwnImds([family === "ipv4" ? "ipv6" : "ipv4"]);
    expect((await runEc2nic({ args, env, namespace: true, around: right })).code).toBe(0);
    const once = [...args, "--retries", "0"];
    expect((await runEc2nic({ args: once, env, namespace: true, around: wrong })).code).toBe(69);
  });
}

testInNamespace("no network at all: 69, in words", async () => {
  const { code, stderr } = await runEc2nic({ args: [...args, "--retries", "0"], namespace: true });
  expect(code).toBe(69);
  expect(stderr).toStartWith("ec2nic: instance metadata: ");
  expect(stderr).toContain("ec2nic probe-nics");
});

// a NIC that is up and answers nothing: the connection has 1 s, not the 2 s of a whole try
testInNamespace("a black hole: the connection has 1 s", async () => {
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv4" };
  const around = ["sh", "-c", `set -e; ip link set lo up; ${blackHole}\nexec "$@"`, "sh"];
  const once = [...args, "--retries", "0"];
  const run = await runEc2nic({ args: once, env, namespace: true, around });
  expect(run.code).toBe(69);
  expect(run.stderr).toContain("no connection within 1000 ms");
  expect(run.elapsedMs).toBeGreaterThan(950);
  expect(run.elapsedMs).toBeLessThan(1400);
});
