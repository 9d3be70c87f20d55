import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, firstQuick, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { aroundOwnImds } from "../../kit/program/own-imds.ts";
import { runEc2nic } from "../../kit/program/run-ec2nic.ts";
import { failingCommand, missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);

// each run has its own network namespace: no packet reaches the machine's own IMDS
const testInNamespace = testUnless(
  missingRoot() ??
    missingTool("ip") ??
    failingCommand("unshare", "--net", "ip", "link", "add", "hole", "type", "veth"),
);
const args = ["fetch", "mac"];
/** A link that drops all packets to IMDS: its static neighbour entry has an unused MAC. */
const blackHole = [
  "ip link add hole type veth peer name end",
  "ip link set hole up; ip link set end up",
  "ip address add 169.254.0.9/16 dev hole",
  "ip neighbour add 169.254.169.254 lladdr 02:00:00:00:00:01 dev hole nud permanent",
].join("\n");

testInNamespace("without --endpoint, fetch uses 169.254.169.254", async () => {
  const run = await runEc2nic({ args, namespace: true, around: aroundOwnImds(["ipv4"]) });
  expect({ code: run.code, text: run.text }).toEqual({ code: 0, text: "06:ec:2a:00:00:00\n" });
});

// if the addresses were tried in turn, 169.254.169.254 would have failed in every run
testInNamespace(
  "fetch uses fd00:ec2::254 if 169.254.169.254 is a black hole, before that has failed",
  async () => {
    const around = aroundOwnImds(["ipv6"], blackHole);
    const run = async () => {
      const { code, text, stderr } = await runEc2nic({
        args: [...args, "-v"],
        namespace: true,
        around,
      });
      expect({ code, text }).toEqual({ code: 0, text: "06:ec:2a:00:00:00\n" });
      return stderr;
    };
    const isQuick = (stderr: string) => !stderr.includes("no connection within 1000 ms");
    await firstQuick("169.254.169.254 has not failed before", run, isQuick);
  },
);

for (const [mode, family] of [["IPv4", "ipv4"] as const, ["IPv6", "ipv6"] as const]) {
  testInNamespace(`AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=${mode} uses only ${mode}`, async () => {
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode };
    const sameFamily = aroundOwnImds([family]);
    const otherFamily = aroundOwnImds([family === "ipv4" ? "ipv6" : "ipv4"]);
    expect((await runEc2nic({ args, env, namespace: true, around: sameFamily })).code).toBe(0);
    const once = [...args, "--retries", "0"];
    expect((await runEc2nic({ args: once, env, namespace: true, around: otherFamily })).code).toBe(
      69,
    );
  });
}

testInNamespace("without a network, fetch exits with 69 and names probe-nics", async () => {
  const { code, stderr } = await runEc2nic({ args: [...args, "--retries", "0"], namespace: true });
  expect(code).toBe(69);
  expect(stderr).toStartWith("ec2nic: IMDS not reached: ");
  expect(stderr).toContain("ec2nic probe-nics");
});

// on a NIC that is up but never answers, the limit is 1 s per connection, not 2 s per try
testInNamespace("fetch stops connecting to a black hole after 1 s", async () => {
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "IPv4" };
  const around = ["sh", "-c", `set -e; ip link set lo up; ${blackHole}\nexec "$@"`, "sh"];
  const once = [...args, "--retries", "0"];
  const run = await runEc2nic({ args: once, env, namespace: true, around });
  expect(run.code).toBe(69);
  expect(run.stderr).toContain("no connection within 1000 ms");
  expect(run.elapsedMs).toBeGreaterThan(950);
  expect(run.elapsedMs).toBeLessThan(atOnceMs);
});
