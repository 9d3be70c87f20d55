import { expect, test } from "bun:test";
import type { PathProbe } from "../../../src/model/probe.ts";
import { collectProbeFacts } from "../../../src/probe/collect-facts.ts";
import { linkStateAt, probeOf } from "../../kit/facts/path-evidence.ts";
import { type FakeOptions, fakeMachine } from "../../kit/host/fake-machine.ts";

const reached = probeOf({ connect: "ok", token: "ok", read: "ok" });
const failed = probeOf({ connect: "ETIMEDOUT" });
const ipv6 = { ...failed, endpoint: "http://[fd00:ec2::254]" };

/** The facts after these probes through ens6, on a machine on which `commands` work. */
async function collect(
  probes: readonly PathProbe[],
  disk: FakeOptions["disk"] = {},
  commands: Readonly<Record<string, string>> = {},
) {
  const exec = (argv: string) => {
    const stdout = commands[argv];
    return stdout === undefined ? 127 : { stdout };
  };
  const host = { ...fakeMachine({ disk, exec }), env: { PATH: "/sbin::/usr/bin" } };
  const { probed, machine } = await collectProbeFacts(host, [{ link: linkStateAt(1), probes }]);
  return { machine, nic: probed[0]?.nicFacts, path: probed[0]?.paths[0], done: host.done };
}

test("the firewall and the routes that forbid IMDS are read only if a NIC does not reach IMDS", async () => {
  const { machine, done } = await collect([reached, ipv6]);
  expect(machine).toMatchObject({ firewall: null, refusals: [] });
  expect(done.filter((each) => /nft|iptables|rule/.test(each))).toEqual([]);
  const rules = '[{"priority": 99, "dst": "169.254.0.0", "dstlen": 16, "action": "prohibit"}]';
  const named = { ...failed, endpoint: "http://imds.test" };
  const without = await collect(
    [failed, named],
    {},
    {
      "nft -j list ruleset": '{"nftables": []}',
      "ip -json -4 rule show": rules,
    },
  );
  expect(without.machine.firewall).toEqual([]);
  expect(without.machine.refusals).toEqual([
    {
      family: 4,
      type: "prohibit",
      kind: "rule",
      destination: "169.254.0.0/16",
      remove: "ip rule del priority 99",
    },
  ]);
});

test("a path has the address that its NIC sends from", async () => {
  expect((await collect([failed])).path?.source).toBe("10.0.1.10");
  expect((await collect([ipv6])).path?.source).toBe("2001:db8:1::10");
});

const assetTag = "/sys/devices/virtual/dmi/id/board_asset_tag";
test.each([
  ["i-0123456789abcdef0\n", "i-0123456789abcdef0"],
  ["i-01234567", "i-01234567"],
  ["i-0123456789abcdef0; reboot", null],
  ["Amazon EC2", null],
  ["", null],
])("the instance id of the asset tag %j is %p", async (text, instanceId) => {
  expect((await collect([failed], { [assetTag]: text })).machine.instanceId).toBe(instanceId);
});

test.each([
  [
    ["/run/NetworkManager", "/sbin/dhclient"],
    ["nmcli", "device", "connect"],
  ],
  [["/usr/bin/dhcpcd", "/sbin/dhclient"], ["dhclient"]],
  [["/usr/bin/dhcpcd"], ["dhcpcd"]],
  [["/sbin/udhcpc"], ["udhcpc", "-q", "-i"]],
  [["/dhclient", "/opt/dhclient"], null],
])("on a machine with %j, an address is requested with %j", async (paths, argv) => {
  const disk = Object.fromEntries(paths.map((path) => [path, ""]));
  expect((await collect([failed], disk)).machine.dhcpClient).toEqual(argv);
});

test("systemd-imdsd is found by its socket", async () => {
  const socket = { "/run/systemd/io.systemd.InstanceMetadata": "" };
  expect((await collect([failed], socket)).machine.hasImdsd).toBe(true);
  expect((await collect([failed])).machine.hasImdsd).toBe(false);
});

const filterOf = (name: string) => `/proc/sys/net/ipv4/conf/${name}/rp_filter`;
test.each([
  ["0\n", "2\n", 2],
  ["1\n", "0\n", 1],
  ["1\n", "x", null],
  ["", "2\n", null],
])("rp_filter is the larger of all (%j) and of the NIC (%j): %p", async (all, own, rpFilter) => {
  const disk = { [filterOf("all")]: all, [filterOf("ens6")]: own };
  expect((await collect([failed], disk)).nic?.rpFilter).toBe(rpFilter);
});

test.each([
  ["NIC statistics:\n     linklocal_allowance_exceeded: 712\n", 712],
  ["NIC statistics:\n     rx_drops: 1\n", null],
])("ethtool's output %j is %p dropped packets", async (output, exceeded) => {
  const { nic } = await collect([failed], {}, { "ethtool -S ens6": output });
  expect(nic?.exceeded).toBe(exceeded);
});
