import { type ProbeLab, probeLab } from "../../test/support/probe-lab/probe-lab.ts";
import { chain } from "../../test/support/probe-lab/verdict-case.ts";
import { onTerminal } from "../../test/support/pty.ts";
import type { Scene, Shown } from "./scene.ts";

/** What is played on an instance of two NICs and more, in namespaces; each has one of its own. */
export const imdsScenes: readonly Scene[] = [
  scene("fetch", [5], async (lab) => {
    await lab.run("ip route add default via 10.0.5.1");
    await lab.order("set", { path: "tags/instance/Note", value: 'say "hi"; $(reboot)' });
    return [
      await typed(lab, "fetch instance-id"),
      await typed(lab, "fetch placement"),
      await typed(lab, "fetch instance-id tags/instance/Note --format env"),
      await typed(lab, "fetch tags/instance/Nmae"),
    ];
  }),
  scene("any-nic", [5, 6], async (lab) => {
    await lab.run("ip route add default via 10.0.5.1");
    await lab.far(`${chain("input")} nft add rule inet t c iifname far5 drop`);
    return [await typed(lab, "fetch instance-id -v --endpoint http://169.254.169.254")];
  }),
  scene("probe-good", [5, 6], async (lab) => {
    await lab.run("ip route add default via 10.0.5.1");
    return [await looked(lab, "probe-nics"), await typed(lab, "probe-nics --first")];
  }),
  scene("probe-trouble", [5, 6, 7], async (lab) => {
    await strictSecond(lab);
    return [await looked(lab, "probe-nics")];
  }),
  scene("probe-plain", [5, 6, 7], async (lab) => {
    await strictSecond(lab);
    return [await looked(lab, "probe-nics --plain")];
  }),
  scene("vpn", [5], async (lab) => {
    await lab.run(
      "ip route add default via 10.0.5.1; ip tuntap add wg0 mode tun; ip link set wg0 up",
    );
    // what wg-quick(8) does for AllowedIPs = 0.0.0.0/0
    await lab.run(
      "ip route add default dev wg0 table 51820; ip rule add not fwmark 51820 table 51820",
    );
    await lab.run("ip rule add table main suppress_prefixlength 0");
    const before = [await typed(lab, "fetch instance-id"), await looked(lab, "probe-nics")];
    const fix = "ip route append 169.254.169.254 dev ens5";
    await lab.run(fix);
    const mended: Shown = { typed: fix, said: "", code: 0 };
    return [...before, mended, await looked(lab, "probe-nics")];
  }),
  scene("no-network", [], async (lab) => [await typed(lab, "fetch instance-id --timeout 2s")]),
  scene("verdict-no-address", [5, 6], async (lab) => {
    await lab.run("ip addr flush dev ens6; ip route add default via 10.0.5.1");
    return [await looked(lab, "probe-nics")];
  }),
  scene("verdict-no-carrier", [5, 6], async (lab) => {
    await lab.run("ip route add default via 10.0.5.1");
    await lab.far("ip link set far6 down");
    // the kernel tells of it within a second; before that the NIC still shows its addresses
    await lab.run("until grep -q down /sys/class/net/ens6/operstate; do sleep 0.1; done");
    return [await looked(lab, "probe-nics")];
  }),
  trouble("no-route", "ip -6 route add default via 2001:db8:5::1 dev ens5", "[fd00:ec2::254]"),
  trouble(
    "prohibited",
    "sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; " +
      "ip route add prohibit 169.254.169.254 metric 7",
  ),
  trouble("firewall", `${chain("output")} nft add rule inet t c ip daddr 169.254.169.254 drop`),
  trouble("nobody-on-link", "ip route add default via 10.0.6.77 dev ens6"),
  ofService("refused", async (lab) => {
    await lab.far(`${chain("input")} nft add rule inet t c tcp dport 80 reject with tcp reset`);
  }),
  ofService("no-answer", async (lab) => {
    await lab.far(`${chain("input")} nft add rule inet t c tcp dport 80 drop`);
  }),
  ofService("silent", fault({ kind: "hang" })),
  ofService("hop-limit", (lab) => lab.order("fault", { match: "PUT *", fault: { kind: "hang" } })),
  ofService("switched-off", fault({ kind: "status", status: 403 })),
  ofService("throttled", fault({ kind: "status", status: 503 })),
  ofService("trouble", fault({ kind: "status", status: 500 })),
  ofService("not-imds", fault({ kind: "garbage" })),
];

/** A NIC whose answers strict rp_filter drops, one that is down, and a bridge. */
async function strictSecond(lab: ProbeLab): Promise<void> {
  await lab.run("ip link set ens7 down; ip route add default via 10.0.5.1");
  await lab.run("sysctl -qw net.ipv4.conf.ens6.rp_filter=1; ip link add docker0 type bridge");
}

type Play = (lab: ProbeLab) => Promise<readonly Shown[]>;

function scene(name: string, nics: readonly number[], play: Play): Scene {
  return {
    name,
    play: async () => {
      await using lab = await probeLab(nics);
      return await play(lab);
    },
  };
}

/** Something is the matter with ens6, on the instance itself. */
function trouble(word: string, provoke: string, endpoint?: string): Scene {
  return scene(`verdict-${word}`, [5, 6], async (lab) => {
    await lab.run(provoke);
    const at = endpoint === undefined ? "" : ` --endpoint http://${endpoint}`;
    return [await looked(lab, `probe-nics --interface ens6${at}`)];
  });
}

/** Something is the matter with IMDS, or on the way to it. */
function ofService(word: string, provoke: (lab: ProbeLab) => Promise<unknown>): Scene {
  return scene(`verdict-${word}`, [5], async (lab) => {
    await lab.run("ip route add default via 10.0.5.1");
    await provoke(lab);
    return [await looked(lab, "probe-nics --endpoint http://169.254.169.254")];
  });
}

function fault(of: object): (lab: ProbeLab) => Promise<unknown> {
  return (lab) => lab.order("fault", { fault: of });
}

async function typed(lab: ProbeLab, line: string): Promise<Shown> {
  const { code, stdout, stderr } = await lab.ec2nic(line.split(" "));
  return { typed: `ec2nic ${line}`, said: `${stderr}${stdout}`, code };
}

const slow = /ok, (?:\d\d+ ms|[\d.]+ s)/;

/** On a terminal of 80 columns; a NIC's first answer may take longer, and widen the table. */
async function looked(lab: ProbeLab, line: string): Promise<Shown> {
  const look = () => lab.ec2nic(line.split(" "), { around: onTerminal(80) });
  let { code, stdout } = await look();
  for (let more = 20; more > 0 && slow.test(stdout); more -= 1) ({ code, stdout } = await look());
  return { typed: `ec2nic ${line}`, said: stdout, code };
}
