import { expect } from "bun:test";
import { missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";
import { type ProbeNetwork, probeNetwork } from "../../kit/netns/probe-network/probe-network.ts";

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
  const first = network.ec2nic(["probe-nics", "--first", "--timeout", "10s"]);
  await Bun.sleep(700);
  await network.run("ip link set ens5 up");
  expect(await first).toMatchObject({ code: 0, stdout: "ens5\n" });
});

testHere("--first ends at the deadline with 69", async () => {
  await using network = await probeNetwork([5]);
  await network.run("ip link set ens5 down");
  const { code, stdout, elapsedMs } = await network.ec2nic([
    "probe-nics",
    "--first",
    "--timeout",
    "900ms",
  ]);
  expect({ code, stdout }).toEqual({ code: 69, stdout: "" });
  expect(elapsedMs).toBeLessThan(1300);
});

testHere("--first does not wait for IMDS that is switched off", async () => {
  await using network = await probeNetwork([5]);
  await network.order("fault", { fault: { kind: "status", status: 403 } });
  const { code, stderr, elapsedMs } = await network.ec2nic(["probe-nics", "--first"]);
  expect({ code, stderr }).toMatchObject({ code: 69, stderr: expect.stringContaining("403") });
  expect(elapsedMs).toBeLessThan(1000);
});

testHere(
  "--first prints the NIC that answers first, and does not wait for the others",
  async () => {
    await using network = await probeNetwork();
    await blackHole(network, 5);
    const { code, stdout, elapsedMs } = await network.ec2nic(["probe-nics", "--first"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ens6\n" });
    expect(elapsedMs).toBeLessThan(950); // a black hole alone takes 1 s
  },
);
