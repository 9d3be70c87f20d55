import {
  addChain,
  ipv6,
  testVerdicts,
  type VerdictCase,
} from "../../kit/netns/probe-network/verdict-case.ts";

const cases: readonly VerdictCase[] = [
  {
    what: "nftables rejects with its own ICMP type",
    provoke: `${addChain("output")} nft add rule inet t c ip daddr 169.254.169.254 reject with icmp type net-unreachable`,
    word: "firewall",
    fix: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "nftables drops the answers",
    provoke: `${addChain("input")} nft add rule inet t c ip saddr 169.254.169.254 drop`,
    word: "firewall",
    says: "drops packets from 169.254.169.254",
    fix: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "nftables drops a network by a set, in a chain behind a jump",
    provoke: `${addChain("output")} nft add chain inet t d; nft 'add set inet t s { type ipv4_addr; flags interval; elements = { 169.254.0.0/16 }; }'; nft add rule inet t c oifname '"ens6"' jump d; nft add rule inet t d ip daddr @s tcp dport '{ 80, 443 }' drop`,
    word: "firewall",
    says: "(inet t d) drops",
    fix: ["nft insert rule inet t c ip daddr 169.254.169.254 tcp dport 80 accept"],
  },
  {
    what: "an nftables policy drops outgoing packets",
    provoke: `${addChain("output", "drop")} nft add rule inet t c oifname lo accept`,
    word: "firewall",
    says: "drops, by its policy,",
    fix: ["nft insert rule inet t c ip daddr 169.254.169.254 tcp dport 80 accept"],
  },
  {
    what: "nftables drops IPv6 packets",
    provoke: `ip -6 route add default via 2001:db8:6::1 dev ens6; ${addChain("output")} nft add rule inet t c ip6 daddr fd00:ec2::254 drop`,
    args: ipv6,
    word: "firewall",
    fix: [/^nft delete rule inet t c handle \d+$/],
  },
  {
    what: "an iptables rule with a comment drops packets",
    provoke: `iptables -A OUTPUT -d 169.254.169.254 -m comment --comment "no imds" -j DROP`,
    word: "firewall",
    says: "(iptables OUTPUT) drops",
    fix: ['iptables -D OUTPUT -d 169.254.169.254/32 -m comment --comment "no imds" -j DROP'],
  },
  {
    what: "an iptables chain rejects packets to a network",
    provoke:
      "iptables -N guard; iptables -A OUTPUT -p tcp -j guard; iptables -A guard -d 169.254.0.0/16 -j REJECT",
    word: "firewall",
    says: "(iptables guard) rejects",
    fix: ["iptables -I OUTPUT -d 169.254.169.254 -p tcp --dport 80 -j ACCEPT"],
  },
  {
    what: "two rules of one chain and the policy of another drop packets",
    provoke: `${addChain("output")} nft add rule inet t c ip daddr 169.254.169.254 drop; nft add rule inet t c ip daddr 169.254.169.254 tcp dport 80 reject; iptables -A INPUT -i lo -j ACCEPT; iptables -P INPUT DROP; iptables -A INPUT -p tcp --dport 22 -j ACCEPT`,
    word: "firewall",
    fix: [
      /^nft delete rule inet t c handle 2$/,
      /^nft delete rule inet t c handle 3$/,
      "iptables -I INPUT -s 169.254.169.254 -p tcp --sport 80 -j ACCEPT",
    ],
  },
  {
    what: "an nftables rule with a condition that ec2nic does not know",
    provoke: `${addChain("output")} nft add rule inet t c meta length 1-9999 ip daddr 169.254.169.254 drop`,
    word: "firewall",
    says: "perhaps drops packets to 169.254.169.254; to see its rules: nft list chain inet t c",
    fix: null,
    removeCause: (network) => network.run("nft flush ruleset"),
  },
];

/** The kernel's own route, so that a fix needs none. */
const route = "ip route add default via 10.0.6.1 dev ens6";
testVerdicts(cases.map((each) => ({ ...each, provoke: `${route}; ${each.provoke ?? ":"}` })));
