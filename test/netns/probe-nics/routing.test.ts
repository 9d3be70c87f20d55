import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";
import { probeNetwork } from "../../kit/netns/probe-network/probe-network.ts";
import { nicOf } from "../../kit/netns/probe-network/probe-result.ts";

setDefaultTimeout(testLimitMs);

const testHere = testUnless(missingRoot() ?? missingTool("ip", "unshare", "nsenter", "sysctl"));

testHere("kernel routing over a bridge reaches IMDS, and --first prints br0", async () => {
  await using network = await probeNetwork([5]);
  await network.run("ip link add br0 type bridge; ip link set br0 up; ip link set ens5 master br0");
  await network.run("ip addr flush dev ens5; ip addr add 10.0.5.10/24 dev br0");
  await network.run("ip route add default via 10.0.5.1");
  const { code, outcome, kernelRouting, imds } = await network.probe();
  expect({ code, outcome }).toEqual({ code: 0, outcome: "reached" });
  expect(kernelRouting).toMatchObject({ link: "br0", outcome: "reached" });
  expect(imds).toMatchObject({ interface: "br0" });
  const { stdout } = await network.ec2nic(["probe-nics"]);
  expect(stdout).toStartWith("IMDS answers through kernel routing.\n");
  const first = ["probe-nics", "--first"];
  expect(await network.ec2nic(first)).toMatchObject({ code: 0, stdout: "br0\n" });
  const bare = ["env", "PATH=/run/bin"]; // without ip, the source address identifies the link
  expect(await network.ec2nic(first, { around: bare })).toMatchObject({ code: 0, stdout: "br0\n" });
});

testHere("--first prints no NIC that reaches IMDS only past a prohibit route", async () => {
  await using network = await probeNetwork([5]);
  await network.run("ip route add default via 10.0.5.1; ip route add prohibit 169.254.169.254");
  const first = ["probe-nics", "--first"];
  const limited = [...first, "--timeout", "1500ms"];
  expect(await network.ec2nic(limited)).toMatchObject({ code: 69, stdout: "" });
  const named = await network.ec2nic([...first, "--interface", "ens5"]);
  expect(named).toMatchObject({ code: 0, stdout: "ens5\n" });
});

testHere("the sysctl fix names a NIC with a dot in its name", async () => {
  await using network = await probeNetwork();
  await network.run("ip link set ens6 down; ip link set ens6 name ens6.2; ip link set ens6.2 up");
  await network.run("ip -4 addr flush dev ens6.2; ip addr add 10.0.6.10/24 dev ens6.2");
  await network.run(
    "sysctl -qw net/ipv4/conf/ens6.2/rp_filter=1; ip route add default via 10.0.5.1",
  );
  const { word, fix } = nicOf(await network.probe(), "ens6.2").verdict;
  expect(word).toBe("rp-filter");
  await network.run(fix?.[0] ?? "");
  expect(nicOf(await network.probe(), "ens6.2").outcome).toBe("reached");
});
