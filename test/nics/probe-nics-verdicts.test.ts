import { expect } from "bun:test";
import { missingRoot, missingTool, testUnless } from "../support/skip.ts";
import { type ProbeLab, probeLab } from "../support/probe-lab/probe-lab.ts";
import { nicOf } from "../support/probe-lab/probe-result.ts";

const testHere = testUnless(
  missingRoot() ?? missingTool("ip", "nft", "iptables", "unshare", "nsenter", "curl", "sysctl"),
);

interface Case {
  readonly what: string;
  /** On the instance. */
  readonly provoke?: string;
  readonly before?: (lab: ProbeLab) => Promise<unknown>;
  readonly word: string;
  /** Part of the sentence. */
  readonly says?: string;
  /** What is to be pasted; null: there is nothing. Handles and the like as regular expression. */
  readonly mend: readonly (string | RegExp)[] | null;
  /** Where there is nothing to paste: what takes the cause away. */
  readonly relief?: (lab: ProbeLab) => Promise<unknown>;
  readonly args?: readonly string[];
}

const ipv6 = ["--endpoint", "http://[fd00:ec2::254]"];
const chain = (hook: string, policy = "accept") =>
  `nft add table inet t; nft 'add chain inet t c { type filter hook ${hook} priority 0; policy ${policy}; }';`;
const clear = (lab: ProbeLab) => lab.order("clear-faults");
const fault = (rule: object) => (lab: ProbeLab) => lab.order("fault", rule);

/** Does what AWS would, when it is called as AWS documents it. */
const aws = (option: string) => (lab: ProbeLab) =>
  lab.standIn(
    "aws",
    `[ "$*" = "ec2 modify-instance-metadata-options --instance-id INSTANCE_ID ${option}" ] || exit 252
nsenter --net=/proc/$FAR/ns/net sh -c 'nft flush ruleset; curl -sf -d "{}" http://127.0.0.1/_simulator/clear-faults'`,
  );

const both =
  (...steps: readonly ((lab: ProbeLab) => Promise<unknown>)[]) =>
  async (lab: ProbeLab) => {
    for (const step of steps) await step(lab);
  };

const cases: readonly Case[] = [
  {
    what: "a NIC that is down",
    provoke: "ip link set ens6 down",
    word: "down",
    mend: ["ip link set dev ens6 up"],
  },
  {
    what: "a NIC without carrier",
    before: (lab) => lab.far("ip link set far6 down"),
    word: "no-carrier",
    mend: null,
    relief: (lab) => lab.far("ip link set far6 up"),
  },
  {
    what: "a NIC without an address, where another reaches IMDS",
    provoke: "ip addr flush dev ens6",
    word: "no-address",
    says: "no IPv4 address",
    mend: ["ec2nic activate"],
    relief: (lab) => lab.run("ip addr add 10.0.6.10/24 dev ens6"),
  },
  {
    what: "strict rp_filter, and the route leads through another NIC",
    provoke: "sysctl -qw net.ipv4.conf.ens6.rp_filter=1; ip route add default via 10.0.5.1",
    word: "rp-filter",
    says: "leads through ens5",
    mend: ["sysctl -w net.ipv4.conf.ens6.rp_filter=2"],
  },
  {
    what: "strict rp_filter of all NICs, and the route leads through another",
    provoke: "sysctl -qw net.ipv4.conf.all.rp_filter=1; ip route add default via 10.0.5.1",
    word: "rp-filter",
    mend: ["sysctl -w net.ipv4.conf.ens6.rp_filter=2"],
  },
  {
    what: "strict rp_filter, and no route at all",
    provoke: "sysctl -qw net.ipv4.conf.ens6.rp_filter=1",
    word: "rp-filter",
    says: "no route leads to",
    mend: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "loose rp_filter, and no route at all",
    provoke: "sysctl -qw net.ipv4.conf.ens6.rp_filter=2",
    word: "rp-filter",
    says: "rp_filter is 2 (loose)",
    mend: ["ip route append 169.254.169.254 dev ens6"],
  },
  ...["prohibit", "blackhole", "unreachable"].map((type) => ({
    what: `a ${type} route`,
    provoke: `sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; ip route add ${type} 169.254.169.254 metric 7`,
    word: "prohibited",
    says: `${type} route`,
    mend: [`ip route del ${type} 169.254.169.254 metric 7`],
  })),
  {
    what: "a rule that prohibits",
    provoke:
      "sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; ip rule add to 169.254.169.254 prohibit priority 99",
    word: "prohibited",
    mend: ["ip rule del priority 99"],
  },
  {
    what: "a prohibit route of systemd-imdsd's",
    provoke:
      "sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; ip route add prohibit 169.254.169.254; mkdir /run/systemd; touch /run/systemd/io.systemd.InstanceMetadata",
    word: "prohibited",
    says: "systemd-imdsd guards IMDS",
    mend: null,
    relief: (lab) => lab.run("ip route del prohibit 169.254.169.254"),
  },
  {
    what: "a prohibit route over IPv6",
    provoke: "ip -6 route add prohibit fd00:ec2::254",
    args: ipv6,
    word: "prohibited",
    mend: [
      "ip -6 route del prohibit fd00:ec2::254 metric 1024",
      "ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6",
    ],
  },
  {
    what: "no IPv6 route, and no router that is known",
    args: ipv6,
    word: "no-route",
    mend: ["ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6"],
  },
  {
    what: "no IPv6 route, and a router in another table",
    provoke: "ip -6 route add default via 2001:db8:6::1 dev ens6 proto ra table 10006",
    args: ipv6,
    word: "no-route",
    mend: ["ip -6 route append fd00:ec2::254 via 2001:db8:6::1 dev ens6"],
  },
  {
    what: "IMDS that is not enabled over IPv6",
    provoke: "ip -6 route add default via 2001:db8:6::1 dev ens6",
    before: both(
      (lab) => lab.far(`${chain("input")} nft add rule inet t c ip6 daddr fd00:ec2::254 drop`),
      aws("--http-protocol-ipv6 enabled"),
    ),
    args: ipv6,
    word: "no-answer",
    says: "IPv6 is off unless it is enabled",
    mend: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-protocol-ipv6 enabled",
    ],
  },
  {
    what: "nftables drops what is sent",
    provoke: `${chain("output")} nft add rule inet t c ip daddr 169.254.169.254 drop`,
    word: "firewall",
    says: "(inet t c) drops what is sent to 169.254.169.254",
    mend: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "nftables rejects what is sent",
    provoke: `${chain("output")} nft add rule inet t c ip daddr 169.254.169.254 counter reject`,
    word: "firewall",
    says: "rejects what is sent",
    mend: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "nftables rejects with words of its own",
    provoke: `${chain("output")} nft add rule inet t c ip daddr 169.254.169.254 reject with icmp type net-unreachable`,
    word: "firewall",
    mend: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "nftables drops what is answered",
    provoke: `${chain("input")} nft add rule inet t c ip saddr 169.254.169.254 drop`,
    word: "firewall",
    says: "what 169.254.169.254 answers",
    mend: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "nftables drops a whole network, in a chain that is jumped to, by a set",
    provoke: `${chain("output")} nft add chain inet t d; nft 'add set inet t s { type ipv4_addr; flags interval; elements = { 169.254.0.0/16 }; }'; nft add rule inet t c oifname '"ens6"' jump d; nft add rule inet t d ip daddr @s tcp dport '{ 80, 443 }' drop`,
    word: "firewall",
    says: "(inet t d) drops",
    mend: ["nft insert rule inet t c ip daddr 169.254.169.254 tcp dport 80 accept"],
  },
  {
    what: "an nftables policy",
    provoke: `${chain("output", "drop")} nft add rule inet t c oifname lo accept`,
    word: "firewall",
    says: "drops, by its policy,",
    mend: ["nft insert rule inet t c ip daddr 169.254.169.254 tcp dport 80 accept"],
  },
  {
    what: "an nftables policy for what comes in",
    provoke: `${chain("input", "drop")} nft add rule inet t c tcp dport 22 accept`,
    word: "firewall",
    mend: ["nft insert rule inet t c ip saddr 169.254.169.254 tcp sport 80 accept"],
  },
  {
    what: "nftables over IPv6",
    provoke: `ip -6 route add default via 2001:db8:6::1 dev ens6; ${chain("output")} nft add rule inet t c ip6 daddr fd00:ec2::254 drop`,
    args: ipv6,
    word: "firewall",
    mend: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "an iptables rule with a comment",
    provoke: `iptables -A OUTPUT -d 169.254.169.254 -m comment --comment "no imds" -j DROP`,
    word: "firewall",
    says: "(iptables OUTPUT) drops",
    mend: ['iptables -D OUTPUT -d 169.254.169.254/32 -m comment --comment "no imds" -j DROP'],
  },
  {
    what: "an iptables chain, for a network",
    provoke:
      "iptables -N guard; iptables -A OUTPUT -p tcp -j guard; iptables -A guard -d 169.254.0.0/16 -j REJECT",
    word: "firewall",
    says: "(iptables guard) rejects",
    mend: ["iptables -I OUTPUT -d 169.254.169.254 -p tcp --dport 80 -j ACCEPT"],
  },
  {
    what: "nobody who answers ARP",
    before: (lab) => lab.far("sysctl -qw net.ipv4.conf.far6.arp_ignore=8"),
    word: "nobody-on-link",
    says: "(ARP)",
    mend: null,
    relief: (lab) => lab.far("sysctl -qw net.ipv4.conf.far6.arp_ignore=0"),
  },
  {
    what: "a gateway that is not there",
    provoke: "ip route add default via 10.0.6.77 dev ens6",
    word: "nobody-on-link",
    says: "10.0.6.77 (ARP), the gateway",
    mend: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "a port that is closed",
    before: (lab) =>
      lab.far(
        `${chain("input")} nft add rule inet t c iifname far6 tcp dport 80 reject with tcp reset`,
      ),
    word: "refused",
    mend: null,
    relief: (lab) => lab.far("nft flush ruleset"),
  },
  {
    what: "packets that are lost beyond the machine",
    before: (lab) => lab.far(`${chain("input")} nft add rule inet t c tcp dport 80 drop`),
    word: "no-answer",
    says: "the next hop answers: it is dropped beyond this machine",
    mend: null,
    relief: (lab) => lab.far("nft flush ruleset"),
  },
  {
    what: "a service that is silent",
    before: fault({ fault: { kind: "hang" } }),
    word: "silent",
    mend: null,
    relief: clear,
  },
  {
    what: "a hop limit that ends on the way",
    before: both(
      fault({ fault: { kind: "hang" }, match: "PUT *" }),
      aws("--http-put-response-hop-limit 2"),
    ),
    word: "hop-limit",
    mend: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-put-response-hop-limit 2",
    ],
  },
  {
    what: "IMDS that is switched off",
    before: both(fault({ fault: { kind: "status", status: 403 } }), aws("--http-endpoint enabled")),
    word: "switched-off",
    mend: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-endpoint enabled",
    ],
  },
  {
    what: "IMDS that throttles, and a driver that counts",
    before: both(fault({ fault: { kind: "status", status: 503 } }), (lab) =>
      lab.standIn(
        "ethtool",
        `echo "NIC statistics:"; echo "     linklocal_allowance_exceeded: 712"`,
      ),
    ),
    word: "throttled",
    says: "IMDS answers 503 3 times in a row: throttled (ens6 has lost 712 packets",
    mend: null,
    relief: clear,
  },
  {
    what: "IMDS in trouble",
    before: fault({ fault: { kind: "status", status: 500 } }),
    word: "trouble",
    mend: null,
    relief: clear,
  },
  {
    what: "tokens that are refused",
    before: fault({ fault: { kind: "token-rejected" } }),
    word: "trouble",
    says: "refuses (401)",
    mend: null,
    relief: clear,
  },
  {
    what: "something that is not HTTP",
    before: fault({ fault: { kind: "garbage" } }),
    word: "not-imds",
    mend: null,
    relief: clear,
  },
  {
    what: "a portal that redirects",
    before: fault({ fault: { kind: "redirect", location: "http://10.0.5.1/login" } }),
    word: "not-imds",
    says: "it says 302",
    mend: null,
    relief: clear,
  },
];

for (const { what, provoke, before, word, says = "", mend, relief, args = [] } of cases) {
  testHere(`${what}: ${word}, and it is mended`, async () => {
    await using lab = await probeLab();
    if (provoke !== undefined) await lab.run(provoke);
    await before?.(lab);
    const { verdict, outcome } = nicOf(await lab.probe(...args), "ens6");
    expect({ word: verdict.word, outcome }).toEqual({ word, outcome: "failed" });
    expect(verdict.text).toContain(says);
    expect(verdict.mend?.length ?? null).toBe(mend?.length ?? null);
    for (const [at, line] of (mend ?? []).entries()) expect(verdict.mend?.[at]).toMatch(line);
    if (relief !== undefined) await relief(lab);
    else for (const line of verdict.mend ?? []) await lab.run(line);
    const again = await untilReached(lab, args);
    expect(again.verdict).toMatchObject({ word: "reached", mend: null });
  });
}

/** A link that comes up, and ARP that failed, take a moment. */
async function untilReached(lab: ProbeLab, args: readonly string[]) {
  const first = await lab.ec2nic([
    "probe-nics",
    "--first",
    "--interface",
    "ens6",
    "--timeout",
    "9s",
    ...args,
  ]);
  expect(first.stdout).toBe("ens6\n");
  return nicOf(await lab.probe(...args), "ens6");
}
