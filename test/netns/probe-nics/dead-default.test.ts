import {
  addChain,
  ipv6,
  inOrder,
  testVerdicts,
} from "../../kit/netns/probe-network/verdict-case.ts";
import type { ProbeNetwork } from "../../kit/netns/probe-network/probe-network.ts";

const far = (script: string) => (network: ProbeNetwork) => network.far(script);

const default5 = "ip route add default via 10.0.5.1";
const default5v6 = "ip -6 route add default via 2001:db8:5::1 dev ens5";
const noArp = (nic: number) => far(`sysctl -qw net.ipv4.conf.far${nic}.arp_ignore=8`);
const arp = (nic: number) => far(`sysctl -qw net.ipv4.conf.far${nic}.arp_ignore=0`);
const dropFrom = (nic: number) =>
  far(`${addChain("input")} nft add rule inet t c iifname far${nic} tcp dport 80 drop`);
const flush = far("nft flush ruleset");

// issue 16, point 14: the default route leads through a NIC that is dead, and another one answers
testVerdicts([
  {
    what: "the NIC of the default route does not answer ARP, another NIC reaches IMDS",
    nic: "ens5",
    provoke: default5,
    before: noArp(5),
    word: "no-neighbour",
    fix: null,
    note: ["ip route append 169.254.169.254 dev ens6"],
    removeCause: arp(5),
  },
  {
    what: "behind the NIC of the default route packets are lost, another NIC reaches IMDS",
    nic: "ens5",
    provoke: default5,
    before: dropFrom(5),
    word: "no-answer",
    fix: null,
    note: ["ip route append 169.254.169.254 dev ens6"],
    removeCause: flush,
  },
  {
    what: "the NIC of the default route has no carrier, another NIC reaches IMDS",
    nic: "ens5",
    provoke: default5,
    before: far("ip link set far5 down"),
    word: "no-carrier",
    fix: null,
    note: ["ip route append 169.254.169.254 dev ens6"],
    removeCause: far("ip link set far5 up"),
  },
  {
    what: "a host route leads through a dead NIC, another NIC reaches IMDS through its gateway",
    nic: "ens5",
    provoke:
      "ip route add 169.254.169.254 via 10.0.5.1 metric 7; ip route add default via 10.0.6.1",
    before: dropFrom(5),
    word: "no-answer",
    fix: null,
    note: ["ip route replace 169.254.169.254 via 10.0.6.1 dev ens6 metric 7"],
    removeCause: flush,
  },
  {
    what: "a rule sends all packets into a dead tunnel, and a NIC reaches IMDS",
    provoke: `ip tuntap add wg0 mode tun; ip link set wg0 up; ip route add default dev wg0 table 51820; ip rule add table 51820 priority 99; sysctl -qw net.ipv4.conf.ens6.rp_filter=1`,
    word: "rp-filter",
    fix: ["sysctl -w net/ipv4/conf/ens6/rp_filter=2"],
    note: ["ip route append 169.254.169.254 dev ens5 table 51820"],
  },
  {
    what: "over IPv6, the NIC of the default route is dead, another NIC reaches IMDS",
    nic: "ens5",
    provoke: `${default5v6} metric 64; ip -6 route add default via 2001:db8:6::1 dev ens6 metric 65`,
    before: dropFrom(5),
    args: ipv6,
    word: "no-answer",
    fix: null,
    note: ["ip -6 route append fd00:ec2::254 via 2001:db8:6::1 dev ens6 metric 2048"],
    removeCause: flush,
  },
  {
    what: "over IPv6, a host route leads through a dead NIC, another NIC reaches IMDS",
    nic: "ens5",
    provoke:
      "ip -6 route add fd00:ec2::254 via 2001:db8:5::1 dev ens5; ip -6 route add default via 2001:db8:6::1 dev ens6; ip -6 route add default via 2001:db8:5::1 dev ens5 metric 2000",
    before: dropFrom(5),
    args: ipv6,
    word: "no-answer",
    fix: null,
    note: ["ip -6 route replace fd00:ec2::254 via 2001:db8:6::1 dev ens6 metric 1024"],
    removeCause: flush,
  },
]);

// the default route leads through a NIC that is dead, and the other NIC has a fault of its own
testVerdicts([
  {
    what: "a NIC that is down, and a dead default route",
    provoke: `${default5}; ip link set ens6 down`,
    before: noArp(5),
    word: "down",
    fix: ["ip link set dev ens6 up", "ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "strict rp_filter, and a dead default route",
    provoke: `${default5}; sysctl -qw net.ipv4.conf.ens6.rp_filter=1`,
    before: dropFrom(5),
    word: "rp-filter",
    fix: ["ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "a firewall rule for a NIC, and a dead default route",
    provoke: `${default5}; ${addChain("output")} nft add rule inet t c oifname ens6 ip daddr 169.254.169.254 drop`,
    before: dropFrom(5),
    word: "firewall",
    fix: [/^nft delete rule inet t c handle \d+$/, "ip route append 169.254.169.254 dev ens6"],
  },
  {
    what: "a prohibit route, and a dead default route behind it",
    provoke: `${default5}; sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add prohibit 169.254.169.254 metric 7`,
    before: inOrder(noArp(5)),
    word: "prohibited",
    fix: [
      "ip route del prohibit 169.254.169.254 metric 7",
      "ip route append 169.254.169.254 dev ens6",
    ],
  },
  {
    what: "no IPv6 route through a NIC, and a dead default route",
    provoke: default5v6,
    before: far("ip link set far5 down"),
    args: ipv6,
    word: "no-route",
    fix: ["ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048"],
  },
  {
    what: "a host route over IPv6 through a dead NIC, and no route through the other",
    provoke: "ip -6 route add fd00:ec2::254 via 2001:db8:5::1 dev ens5",
    before: far("ip link set far5 down"),
    args: ipv6,
    word: "no-route",
    fix: ["ip -6 route replace fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 1024"],
  },
]);
