import { expect, setDefaultTimeout } from "bun:test";
import * as v from "valibot";
import { networkMissing } from "../../kit/netns/nic-network/missing.ts";
import { type NicNetwork, startNicNetwork } from "../../kit/netns/nic-network/nic-network.ts";
import type { NicSpec } from "../../kit/netns/nic-network/nic-spec.ts";
import { requests } from "../../kit/netns/nic-network/requests.ts";
import { testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(30_000);
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
const through = (nic: string, timeout = "5s") =>
  ["fetch", "instance-id", "--interface", nic, "--timeout", timeout] as const;

testNics("--interface: the NIC that is named is asked, and no other sees a request", async () => {
  await using network = await startNicNetwork({ nics: [answers, other] });
  expect(await network.ec2nic(through("ens6"))).toMatchObject({ code: 0, stderr: "" });
  expect(await requests(network, "ens5")).toBe(0);
  expect(await requests(network, "ens6")).toBe(2);
});

testNics(
  "--interface: a NIC that leads nowhere is 69 in time, names it, and no other helps",
  async () => {
    await using network = await startNicNetwork({ nics: [answers, dead] });
    const { code, text, stderr, elapsedMs } = await network.ec2nic(through("ens7", "2s"));
    expect({ code, text }).toEqual({ code: 69, text: "" });
    expect(stderr).toContain("ens7");
    expect(elapsedMs).toBeLessThan(2300);
    expect(await requests(network, "ens5")).toBe(0);
  },
);

testNics("--interface: a NIC that is not there is 69 in time, and named", async () => {
  await using network = await startNicNetwork({ nics: [answers] });
  const { code, text, stderr, elapsedMs } = await network.ec2nic(through("ens9", "1s"));
  expect({ code, text }).toEqual({ code: 69, text: "" });
  expect(stderr).toContain("ens9");
  expect(elapsedMs).toBeLessThan(1300);
  expect(await requests(network, "ens5")).toBe(0);
});

testNics(
  "a NIC without an address sends nothing at all, where curl borrows another's",
  async () => {
    await using network = await startNicNetwork({ nics: [{ ...dead, defaultRoute: true }, bare] });
    // by itself a NIC with IPv6 asks for routers, and tells its groups
    await network.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/ens8/disable_ipv6"]);
    const before = await framesSeen(network, "ens8");
    const fetched = await network.ec2nic(["fetch", "instance-id", "--timeout", "1500ms"]);
    expect(fetched).toMatchObject({ code: 69, text: "" });
    expect(await network.ec2nic(through("ens8", "1s"))).toMatchObject({ code: 69, text: "" });
    expect(await framesSeen(network, "ens8")).toBe(before);
    await network.run([
      "curl",
      "-gs",
      "-m",
      "0.5",
      "--interface",
      "ens8",
      "http://169.254.169.254/",
    ]);
    expect(await framesSeen(network, "ens8")).toBeGreaterThan(before);
    expect(await requests(network, "ens8")).toBe(0);
  },
);

/** Of any kind, at the far end. */
async function framesSeen(network: NicNetwork, nic: string): Promise<number> {
  const text = await network.far(nic, ["ip", "-json", "-statistics", "link", "show", "far"]);
  const packets = v.object({ packets: v.number() });
  const link = v.object({ stats64: v.object({ rx: packets }) });
  return v.parse(v.tuple([link]), JSON.parse(text))[0].stats64.rx.packets;
}
