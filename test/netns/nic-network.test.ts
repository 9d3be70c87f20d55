import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../kit/basics/busy-machine.ts";
import { readlinkSync } from "node:fs";
import { networkMissing } from "../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../kit/netns/nic-network/nic-network.ts";
import { testUnless } from "../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing("curl"));

const ens6 = { name: "ens6", ipv4: "10.0.1.10/24", ipv6: "2600:1f14:ec2:1::10/64" } as const;
const nics = [
  { name: "ens5", ipv4: "10.0.0.10/24", imds: "swallows", defaultRoute: true },
  { ...ens6, imds: "answers", defaultRoute: true },
  { name: "ens7", ipv4: "10.0.2.10/24", imds: "absent" },
] as const;

/** The exit status of curl: 0 a reply, 7 not connected, 28 timed out. Only ens6 has an IMDS that answers. */
async function curlStatus(network: NicNetwork, nic: string, host: string): Promise<number> {
  const limitS = nic === "ens6" ? "60" : "0.5";
  const url = `http://${host}/latest/api/token`;
  const ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60";
  const put = ["-gsf", "-m", limitS, "-X", "PUT", "-H", ttl, url];
  return (await network.run(["curl", "--interface", nic, ...put])).code;
}

testNics("each NIC of the network reaches only its own IMDS, in both families", async () => {
  await using network = await startNicNetwork({ nics });
  const hosts = ["169.254.169.254", "[fd00:ec2::254]"];
  const rows = nics.flatMap(({ name }) => hosts.map((host) => curlStatus(network, name, host)));
  expect(await Promise.all(rows)).toEqual([28, 7, 0, 0, 28, 7]);
  expect(await network.simulator("ens6").look("counts")).toMatchObject({ requests: 2 });
});

testNics("the network and ec2nic run outside the machine's own network namespace", async () => {
  await using network = await startNicNetwork({ nics: [nics[1]] });
  const own = readlinkSync("/proc/self/ns/net");
  const argv = ["fetch", "--help"];
  const around = ["sh", "-c", "readlink /proc/self/ns/net", "sh"];
  const { text } = await network.ec2nic(argv, { around });
  expect(text).toMatch(/^net:/);
  expect(text.trim()).not.toBe(own);
  expect(text).toBe((await network.run(["readlink", "/proc/self/ns/net"])).stdout);
  expect((await network.run(["touch", "/etc/ec2nic-was-here"])).code).not.toBe(0);
});

testNics("a network that has ended runs no command", async () => {
  const network = await startNicNetwork({ nics: [] });
  await network[Symbol.asyncDispose]();
  expect(() => network.ec2nic(["fetch", "instance-id"])).toThrow("namespace is gone");
});
