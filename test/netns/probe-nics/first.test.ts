import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, firstQuick, testLimitMs } from "../../kit/basics/busy-machine.ts";
import { until } from "../../kit/basics/until.ts";
import { missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";
import { type ProbeNetwork, probeNetwork } from "../../kit/netns/probe-network/probe-network.ts";

setDefaultTimeout(testLimitMs);

const testHere = testUnless(
  missingRoot() ?? missingTool("ip", "nft", "unshare", "nsenter", "curl", "sysctl"),
);

const black =
  "nft add table inet t; nft 'add chain inet t c { type filter hook input priority 0; }'";
/** Drops all requests from a NIC on the VPC's side. */
const blackHole = (network: ProbeNetwork, nic: number) =>
  network.far(`${black}; nft add rule inet t c iifname far${nic} tcp dport 80 drop`);

testHere("--first finds a NIC that comes up later", async () => {
  await using network = await probeNetwork([5]);
  await network.run("ip link set ens5 down");
  const first = network.start(["probe-nics", "--first", "-v"]);
  await until("it has found nothing once", () => first.output().includes("trying again"));
  await network.run("ip link set ens5 up");
  expect(await first.result).toMatchObject({ code: 0, text: "ens5\n" });
});

testHere("--first ends at the deadline with 69", async () => {
  await using network = await probeNetwork([5]);
  await network.run("ip link set ens5 down");
  const args = ["probe-nics", "--first", "--timeout", "2s"];
  const { code, stdout, elapsedMs } = await network.ec2nic(args);
  expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
  expect(elapsedMs).toBeGreaterThan(1850);
  expect(elapsedMs).toBeLessThan(atOnceMs);
});

testHere("--first does not wait for IMDS that is switched off", async () => {
  await using network = await probeNetwork([5]);
  await network.order("fault", { fault: { kind: "status", status: 403 } });
  const { code, stderr, elapsedMs } = await network.ec2nic(["probe-nics", "--first"]);
  expect({ code, stderr }).toMatchObject({ code: 69, stderr: expect.stringContaining("403") });
  expect(elapsedMs).toBeLessThan(atOnceMs);
});

testHere(
  "--first prints the NIC that answers first, and does not wait for the others",
  async () => {
    await using network = await probeNetwork();
    await blackHole(network, 5);
    const run = async () => {
      const { code, stdout, stderr } = await network.ec2nic(["probe-nics", "--first", "-v"]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "ens6\n" });
      return stderr;
    };
    const isQuick = (stderr: string) => !stderr.includes("through ens5: ETIMEDOUT");
    await firstQuick("ens5 has not failed before", run, isQuick);
  },
);
