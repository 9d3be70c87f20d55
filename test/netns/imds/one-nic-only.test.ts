import { expect, setDefaultTimeout } from "bun:test";
import { atOnceMs, testLimitMs } from "../../kit/basics/busy-machine.ts";
import * as v from "valibot";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { requests } from "../../kit/netns/nic-network/requests.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);
const testNics = testUnless(networkMissing("curl"));

const answers: NicSpec = {
  name: "ens5",
  ipv4: "10.0.0.10/24",
  imds: "answers",
  defaultRoute: true,
};
const other: NicSpec = { name: "ens6", ipv4: "10.0.1.10/24", imds: "answers" };
const dead: NicSpec = { name: "ens7", ipv4: "10.0.2.10/24", imds: "swallows" };
const bare: NicSpec = { name: "ens8", imds: "answers" };
const fetchThrough = (nic: string, timeout = "60s") =>
  ["fetch", "instance-id", "--interface", nic, "--timeout", timeout] as const;

testNics("--interface sends requests only through the named NIC", async () => {
  await using network = await startNicNetwork({ nics: [answers, other] });
  expect(await network.ec2nic(fetchThrough("ens6"))).toMatchObject({ code: 0, stderr: "" });
  expect(await requests(network, "ens5")).toBe(0);
  expect(await requests(network, "ens6")).toBe(2);
});

testNics(
  "--interface with a dead NIC exits with 69 in time, names the NIC, and uses no other",
  async () => {
    await using network = await startNicNetwork({ nics: [answers, dead] });
    const { code, text, stderr, elapsedMs } = await network.ec2nic(fetchThrough("ens7", "2s"));
    expect({ code, text }).toEqual({ code: 69, text: "" });
    expect(stderr).toContain("ens7");
    expect(elapsedMs).toBeLessThan(atOnceMs);
    expect(await requests(network, "ens5")).toBe(0);
  },
);

testNics("ec2nic sends no packet through a NIC without an address, unlike curl", async () => {
  await using network = await startNicNetwork({ nics: [{ ...dead, defaultRoute: true }, bare] });
  // with IPv6, the kernel itself would send router solicitations and MLD reports
  await network.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/ens8/disable_ipv6"]);
  const before = await receivedFrames(network, "ens8");
  const fetched = await network.ec2nic(["fetch", "instance-id", "--timeout", "1500ms"]);
  expect(fetched).toMatchObject({ code: 69, text: "" });
  expect(await network.ec2nic(fetchThrough("ens8", "1s"))).toMatchObject({ code: 69, text: "" });
  expect(await receivedFrames(network, "ens8")).toBe(before);
  await network.run(["curl", "-gs", "-m", "2", "--interface", "ens8", "http://169.254.169.254/"]);
  expect(await receivedFrames(network, "ens8")).toBeGreaterThan(before);
  expect(await requests(network, "ens8")).toBe(0);
});

/** How many frames of any kind the far end has received. */
async function receivedFrames(network: NicNetwork, nic: string): Promise<number> {
  const text = await network.far(nic, ["ip", "-json", "-statistics", "link", "show", "far"]);
  const packets = v.object({ packets: v.number() });
  const link = v.object({ stats64: v.object({ rx: packets }) });
  return v.parse(v.tuple([link]), JSON.parse(text))[0].stats64.rx.packets;
}
