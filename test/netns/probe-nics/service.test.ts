import type { ProbeNetwork } from "../../kit/netns/probe-network/probe-network.ts";
import {
  standInAws,
  inOrder,
  addChain,
  ipv6,
  testVerdicts,
  type VerdictCase,
} from "../../kit/netns/probe-network/verdict-case.ts";

const clear = (network: ProbeNetwork) => network.order("clear-faults");
const fault = (rule: object) => (network: ProbeNetwork) => network.order("fault", rule);

const cases: readonly VerdictCase[] = [
  {
    what: "IMDS that is not enabled over IPv6",
    provoke: "ip -6 route add default via 2001:db8:6::1 dev ens6",
    before: inOrder(
      (network) =>
        network.far(`${addChain("input")} nft add rule inet t c ip6 daddr fd00:ec2::254 drop`),
      standInAws("--http-protocol-ipv6 enabled"),
    ),
    args: ipv6,
    word: "no-answer",
    says: "IPv6 is off unless it is enabled",
    fix: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-protocol-ipv6 enabled",
    ],
  },
  {
    what: "packets that are lost beyond the machine",
    before: (network) =>
      network.far(`${addChain("input")} nft add rule inet t c tcp dport 80 drop`),
    word: "no-answer",
    says: "the next hop answers, so packets are lost beyond this machine",
    fix: null,
    removeCause: (network) => network.far("nft flush ruleset"),
  },
  {
    what: "a service that is silent",
    before: fault({ fault: { kind: "hang" } }),
    word: "silent",
    fix: null,
    removeCause: clear,
  },
  {
    what: "a hop limit that is too low",
    before: inOrder(
      fault({ fault: { kind: "hang" }, match: "PUT *" }),
      standInAws("--http-put-response-hop-limit 2"),
    ),
    word: "hop-limit",
    fix: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-put-response-hop-limit 2",
    ],
  },
  {
    what: "IMDS that is switched off",
    before: inOrder(
      fault({ fault: { kind: "status", status: 403 } }),
      standInAws("--http-endpoint enabled"),
    ),
    word: "switched-off",
    fix: [
      "aws ec2 modify-instance-metadata-options --instance-id INSTANCE_ID --http-endpoint enabled",
    ],
  },
  {
    what: "IMDS that throttles, and a driver that counts",
    before: inOrder(fault({ fault: { kind: "status", status: 503 } }), (network) =>
      network.standIn(
        "ethtool",
        `echo "NIC statistics:"; echo "     linklocal_allowance_exceeded: 712"`,
      ),
    ),
    word: "throttled",
    says: "IMDS answers 503, 3 times in a row, because requests are throttled (ens6 has dropped 712 packets",
    fix: null,
    removeCause: clear,
  },
  {
    what: "something that is not HTTP",
    before: fault({ fault: { kind: "garbage" } }),
    word: "not-imds",
    fix: null,
    removeCause: clear,
  },
];

/** The kernel's own route, so that a fix needs none. */
const route = "ip route add default via 10.0.6.1 dev ens6";
testVerdicts(cases.map((each) => ({ ...each, provoke: `${route}; ${each.provoke ?? ":"}` })));
