import { expect, setDefaultTimeout } from "bun:test";
import { testLimitMs } from "../../kit/basics/busy-machine.ts";
import { probeNetwork } from "../../kit/netns/probe-network/probe-network.ts";
import { onTerminal } from "../../kit/program/pty.ts";
import { missingRoot, missingTool, testUnless } from "../../kit/basics/skip.ts";

setDefaultTimeout(testLimitMs);

const testHere = testUnless(
  missingRoot() ?? missingTool("ip", "unshare", "nsenter", "sysctl", "script"),
);

const lines = [
  "IMDS answers through ens5, not through ens6, ens7.",
  "NIC ens5: up. IPv4 ok, 1 ms. IPv6 no-route, not needed. Addresses 10.0.5.10, 2001:db8:5::10.",
  "NIC ens6: up. IPv4 rp-filter. IPv6 no-route. Addresses 10.0.6.10, 2001:db8:6::10.",
  "NIC ens6, why: the kernel drops answers that arrive through it, because rp_filter is 1 (strict) " +
    "and the route to 169.254.169.254 leads through ens5.",
  "NIC ens6, fix: sysctl -w net/ipv4/conf/ens6/rp_filter=2",
  "NIC ens7: down. No address.",
  "NIC ens7, why: it is down.",
  "NIC ens7, fix: ip link set dev ens7 up",
  "",
];

testHere("--plain, a pipe and a narrow terminal get one fact per line", async () => {
  await using network = await probeNetwork([5, 6, 7]);
  await network.run("ip link set ens7 down; ip route add default via 10.0.5.1");
  await network.run("sysctl -qw net.ipv4.conf.ens6.rp_filter=1");
  const runs = [
    network.ec2nic(["probe-nics", "--plain"], { around: onTerminal(80) }),
    network.ec2nic(["probe-nics"]),
    network.ec2nic(["probe-nics"], { around: onTerminal(40) }),
  ];
  for (const { stdout } of await Promise.all(runs)) {
    const text = stdout.replaceAll("\r", "").replaceAll(/ok, \d+ ms/g, "ok, 1 ms");
    expect(text.split("\n")).toEqual(lines);
  }
  const wide = await network.ec2nic(["probe-nics"], { around: onTerminal(200) });
  const table = wide.stdout.split("\r\n");
  expect(table).toContainEqual(expect.stringMatching(/^NIC +STATE +IPv4 +IPv6 +ADDRESSES$/));
  expect(table.every((line) => line.length <= 80)).toBe(true);
});

testHere("activate and hotplug --plain print neither symbols nor columns", async () => {
  await using network = await probeNetwork([5]);
  const { stdout: mac } = await network.ec2nic(["fetch", "mac"]);
  await network.run(`ip link set ens5 down; ip link set ens5 address ${mac.trim()} up`);
  const common = ["--dry-run", "--plain", "--backend", "netplan", "--root", "/run"];
  const runs = [
    await network.ec2nic(["activate", "--stage", "local", ...common]),
    await network.ec2nic(["hotplug", "add", "--nic", "ens5", "--stage", "local", ...common]),
  ];
  for (const { code, stdout, stderr } of runs) {
    expect(code, stderr).toBe(0);
    const words = /^(netplan:|NIC ens5, MAC |write |added:|why: )/;
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .filter((line) => !words.test(line)),
    ).toEqual([]);
    expect(stdout).toContain("added: network:\n");
  }
});
