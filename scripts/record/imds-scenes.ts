import {
  type ProbeNetwork,
  probeNetwork,
} from "../../test/kit/netns/probe-network/probe-network.ts";
import { addChain } from "../../test/kit/netns/probe-network/verdict-case.ts";
import { onTerminal } from "../../test/kit/program/pty.ts";
import type { Scene, Shown } from "./scene.ts";

/** Scenes on a simulated instance in network namespaces; each scene has its own. */
export const imdsScenes: readonly Scene[] = [
  scene("fetch", [5], async (network) => {
    await network.run("ip route add default via 10.0.5.1");
    await network.order("set", { path: "tags/instance/Note", value: 'say "hi"; $(reboot)' });
    return [
      await ec2nic(network, "fetch instance-id"),
      await ec2nic(network, "fetch placement"),
      await ec2nic(network, "fetch instance-id tags/instance/Note --format env"),
      await ec2nic(network, "fetch tags/instance/Nmae"),
    ];
  }),
  scene("any-nic", [5, 6], async (network) => {
    await network.run("ip route add default via 10.0.5.1");
    await network.far(`${addChain("input")} nft add rule inet t c iifname far5 drop`);
    return [await ec2nic(network, "fetch instance-id -v --endpoint http://169.254.169.254")];
  }),
  scene("probe-good", [5, 6], async (network) => {
    await network.run("ip route add default via 10.0.5.1");
    return [await onScreen(network, "probe-nics"), await ec2nic(network, "probe-nics --first")];
  }),
  scene("probe-failures", [5, 6, 7], async (network) => {
    await strictSecond(network);
    return [await onScreen(network, "probe-nics")];
  }),
  scene("probe-plain", [5, 6, 7], async (network) => {
    await strictSecond(network);
    return [await onScreen(network, "probe-nics --plain")];
  }),
  scene("vpn", [5], async (network) => {
    await network.run(
      "ip route add default via 10.0.5.1; ip tuntap add wg0 mode tun; ip link set wg0 up",
    );
    // what wg-quick(8) does for AllowedIPs = 0.0.0.0/0
    await network.run(
      "ip route add default dev wg0 table 51820; ip rule add not fwmark 51820 table 51820",
    );
    await network.run("ip rule add table main suppress_prefixlength 0");
    const before = [
      await ec2nic(network, "fetch instance-id"),
      await onScreen(network, "probe-nics"),
    ];
    const fix = (await network.probe()).note?.fix?.[0] ?? "";
    await network.run(fix);
    const fixed: Shown = { command: fix, output: "", code: 0 };
    return [...before, fixed, await onScreen(network, "probe-nics")];
  }),
  scene("no-network", [], async (network) => [
    await ec2nic(network, "fetch instance-id --timeout 2s"),
  ]),
  scene("verdict-no-address", [5, 6], async (network) => {
    await network.run("ip addr flush dev ens6; ip route add default via 10.0.5.1");
    return [await onScreen(network, "probe-nics")];
  }),
  scene("verdict-no-carrier", [5, 6], async (network) => {
    await network.run("ip route add default via 10.0.5.1");
    await network.far("ip link set far6 down");
    // the kernel reports it within a second; until then probe-nics shows the NIC's addresses
    await network.run("until grep -q down /sys/class/net/ens6/operstate; do sleep 0.1; done");
    return [await onScreen(network, "probe-nics")];
  }),
  nicScene("no-route", "ip -6 route add default via 2001:db8:5::1 dev ens5", "[fd00:ec2::254]"),
  nicScene(
    "prohibited",
    "sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; " +
      "ip route add prohibit 169.254.169.254 metric 7",
  ),
  nicScene("firewall", `${addChain("output")} nft add rule inet t c ip daddr 169.254.169.254 drop`),
  nicScene("no-neighbour", "ip route add default via 10.0.6.77 dev ens6"),
  imdsScene("refused", async (network) => {
    await network.far(
      `${addChain("input")} nft add rule inet t c tcp dport 80 reject with tcp reset`,
    );
  }),
  imdsScene("no-answer", async (network) => {
    await network.far(`${addChain("input")} nft add rule inet t c tcp dport 80 drop`);
  }),
  imdsScene("silent", fault({ kind: "hang" })),
  imdsScene("hop-limit", (network) =>
    network.order("fault", { match: "PUT *", fault: { kind: "hang" } }),
  ),
  imdsScene("switched-off", fault({ kind: "status", status: 403 })),
  imdsScene("throttled", fault({ kind: "status", status: 503 })),
  imdsScene("service-error", fault({ kind: "status", status: 500 })),
  imdsScene("not-imds", fault({ kind: "garbage" })),
];

/** Makes a NIC whose answers strict rp_filter drops, one that is down, and a bridge. */
async function strictSecond(network: ProbeNetwork): Promise<void> {
  await network.run("ip link set ens7 down; ip route add default via 10.0.5.1");
  await network.run("sysctl -qw net.ipv4.conf.ens6.rp_filter=1; ip link add docker0 type bridge");
}

type Play = (network: ProbeNetwork) => Promise<readonly Shown[]>;

function scene(name: string, nics: readonly number[], play: Play): Scene {
  return {
    name,
    play: async () => {
      await using network = await probeNetwork(nics);
      return await play(network);
    },
  };
}

/** The verdict about ens6 after `provoke` has changed the instance itself. */
function nicScene(verdict: string, provoke: string, endpoint?: string): Scene {
  return scene(`verdict-${verdict}`, [5, 6], async (network) => {
    await network.run(provoke);
    const at = endpoint === undefined ? "" : ` --endpoint http://${endpoint}`;
    return [await onScreen(network, `probe-nics --interface ens6${at}`)];
  });
}

/** The verdict after `provoke` has changed IMDS, or the network between it and the instance. */
function imdsScene(verdict: string, provoke: (network: ProbeNetwork) => Promise<unknown>): Scene {
  return scene(`verdict-${verdict}`, [5], async (network) => {
    await network.run("ip route add default via 10.0.5.1");
    await provoke(network);
    return [await onScreen(network, "probe-nics --endpoint http://169.254.169.254")];
  });
}

function fault(kind: object): (network: ProbeNetwork) => Promise<unknown> {
  return (network) => network.order("fault", { fault: kind });
}

async function ec2nic(network: ProbeNetwork, line: string): Promise<Shown> {
  const { code, stdout, stderr } = await network.ec2nic(line.split(" "));
  return { command: `ec2nic ${line}`, output: `${stderr}${stdout}`, code };
}

const slow = /ok, (?:\d\d+ ms|[\d.]+ s)/;

/**
 * Runs ec2nic on a terminal of 80 columns. Where an answer took 10 ms or more, it runs again, up to
 * 20 times: a longer time would make the table wider.
 */
async function onScreen(network: ProbeNetwork, line: string): Promise<Shown> {
  const run = () => network.ec2nic(line.split(" "), { around: onTerminal(80) });
  let { code, stdout } = await run();
  for (let more = 20; more > 0 && slow.test(stdout); more -= 1) ({ code, stdout } = await run());
  return { command: `ec2nic ${line}`, output: stdout, code };
}
