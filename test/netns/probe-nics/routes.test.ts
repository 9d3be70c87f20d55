import { ipv6, testVerdicts } from "../../kit/netns/probe-network/verdict-case.ts";

/** What `ec2nic activate` does for a NIC without an address. */
const addAddress = `[ "$*" = activate ] && ip addr add 10.0.6.10/24 dev ens6`;

testVerdicts([
  {
    what: "a NIC that is down",
    provoke: "ip link set ens6 down",
    word: "down",
    fix: ["ip link set dev ens6 up"],
  },
  {
    what: "a NIC without carrier",
    before: (network) => network.far("ip link set far6 down"),
    word: "no-carrier",
    fix: null,
    removeCause: (network) => network.far("ip link set far6 up"),
  },
  {
    what: "a NIC without an address, where another reaches IMDS",
    provoke: "ip addr flush dev ens6",
    word: "no-address",
    says: "no IPv4 address",
    before: (network) => network.standIn("ec2nic", addAddress),
    fix: ["ec2nic activate"],
  },
  {
    what: "strict rp_filter, and the route uses another NIC",
    provoke: "sysctl -qw net.ipv4.conf.ens6.rp_filter=1; ip route add default via 10.0.5.1",
    word: "rp-filter",
    says: "leads through ens5",
    fix: ["sysctl -w net/ipv4/conf/ens6/rp_filter=2"],
  },
  {
    what: "strict rp_filter of all NICs, and the route uses another NIC",
    provoke: "sysctl -qw net.ipv4.conf.all.rp_filter=1; ip route add default via 10.0.5.1",
    word: "rp-filter",
    fix: ["sysctl -w net/ipv4/conf/ens6/rp_filter=2"],
  },
  {
    what: "strict rp_filter, and no route at all",
    provoke: "sysctl -qw net.ipv4.conf.ens6.rp_filter=1",
    word: "rp-filter",
    says: "there is no route to",
    fix: ["sysctl -w net/ipv4/conf/ens6/rp_filter=2"],
    note: ["ip route append 169.254.169.254 dev ens5"],
  },
  {
    what: "loose rp_filter, and no route at all",
    provoke: "sysctl -qw net.ipv4.conf.ens6.rp_filter=2",
    word: "rp-filter",
    says: "rp_filter is 2 (loose)",
    fix: null,
    note: ["ip route append 169.254.169.254 dev ens5"],
  },
  ...["prohibit", "blackhole", "unreachable"].map((type) => ({
    what: `a ${type} route`,
    provoke: `sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; ip route add ${type} 169.254.169.254 metric 7`,
    word: "prohibited",
    says: `${type} route`,
    fix: [`ip route del ${type} 169.254.169.254 metric 7`],
  })),
  {
    what: "a rule that prohibits",
    provoke:
      "sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; ip rule add to 169.254.169.254 prohibit priority 99",
    word: "prohibited",
    fix: ["ip rule del priority 99"],
  },
  {
    what: "a prohibit route of systemd-imdsd",
    provoke:
      "sysctl -qw net.ipv4.conf.ens6.rp_filter=2; ip route add default via 10.0.5.1; ip route add prohibit 169.254.169.254; mkdir /run/systemd; touch /run/systemd/io.systemd.InstanceMetadata",
    word: "prohibited",
    says: "systemd-imdsd protects IMDS",
    fix: null,
    removeCause: (network) => network.run("ip route del prohibit 169.254.169.254"),
  },
  {
    what: "a prohibit route over IPv6",
    provoke: "ip -6 route add prohibit fd00:ec2::254",
    args: ipv6,
    word: "prohibited",
    fix: [
      "ip -6 route del prohibit fd00:ec2::254 metric 1024",
      "ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048",
    ],
  },
  {
    what: "no IPv6 route, and no router that is known",
    args: ipv6,
    word: "no-route",
    fix: ["ip -6 route append fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 2048"],
  },
  {
    what: "no IPv6 route, and a router in another table",
    provoke: "ip -6 route add default via 2001:db8:6::1 dev ens6 proto ra table 10006",
    args: ipv6,
    word: "no-route",
    fix: ["ip -6 route append fd00:ec2::254 via 2001:db8:6::1 dev ens6 metric 2048"],
  },
  {
    what: "a next hop that does not answer ARP",
    before: (network) => network.far("sysctl -qw net.ipv4.conf.far6.arp_ignore=8"),
    word: "no-neighbour",
    says: "does not answer ARP",
    fix: null,
    removeCause: (network) => network.far("sysctl -qw net.ipv4.conf.far6.arp_ignore=0"),
  },
  {
    what: "a gateway that is not there",
    provoke: "ip route add default via 10.0.6.77 dev ens6",
    word: "no-neighbour",
    says: "10.0.6.77, the gateway",
    fix: null,
    note: ["ip route append 169.254.169.254 dev ens5"],
    removeCause: (network) => network.run("ip route del default"),
  },
  {
    what: "a gateway that is not there, and no other NIC",
    provoke: "ip route add default via 10.0.6.77 dev ens6; ip link del ens5",
    word: "no-neighbour",
    says: "10.0.6.77, the gateway",
    fix: ["ip route append 169.254.169.254 dev ens6"],
    note: null,
  },
  {
    what: "a host route whose gateway is not there",
    provoke:
      "ip route add 169.254.169.254 via 10.0.6.77 dev ens6 metric 7 table 9; ip rule add to 169.254.169.254 table 9; ip link del ens5",
    word: "no-neighbour",
    fix: ["ip route replace 169.254.169.254 dev ens6 table 9 metric 7"],
  },
  {
    what: "a host route over IPv6 whose gateway is not there",
    provoke: "ip -6 route add fd00:ec2::254 via fe80::dead dev ens6",
    args: ipv6,
    word: "no-neighbour",
    fix: ["ip -6 route replace fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 1024"],
  },
  {
    what: "a host route over IPv6 through another NIC, whose gateway is not there",
    provoke:
      "ip -6 route add fd00:ec2::254 via fe80::dead dev ens5; ip -6 addr flush dev ens5 scope global",
    args: ipv6,
    word: "no-route",
    fix: ["ip -6 route replace fd00:ec2::254 via fe80:ec2::1 dev ens6 metric 1024"],
  },
]);
