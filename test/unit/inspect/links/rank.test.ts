import { expect, test } from "bun:test";
import { rankCandidates } from "../../../../src/inspect/links/rank.ts";
import type { LinkState } from "../../../../src/model/link.ts";
import { linkAddress, linkState } from "../../../kit/facts/link-states.ts";

const own = ["10.0.0.10"];
const veth = { kind: "veth", driver: null, busAddress: null } as const;

const orders: readonly {
  readonly why: string;
  readonly links: readonly LinkState[];
  readonly order: readonly string[];
}[] = [
  {
    why: "names are in natural order",
    links: [linkState("eth10", own), linkState("eth2", own), linkState("eth1", own)],
    order: ["eth1", "eth2", "eth10"],
  },
  {
    why: "carrier comes before all else",
    links: [linkState("eth0", own, { hasCarrier: false }), linkState("eth1", [], { driver: null })],
    order: ["eth1", "eth0"],
  },
  {
    why: "an address comes before a driver",
    links: [linkState("eth0", []), linkState("eth1", own, { driver: "virtio_net" })],
    order: ["eth1", "eth0"],
  },
  {
    why: "a driver of EC2 comes before another driver",
    links: [linkState("eth0", own, { driver: "virtio_net" }), linkState("eth1", own)],
    order: ["eth1", "eth0"],
  },
  {
    why: "a link-local address does not count",
    links: [linkState("eth0", ["169.254.3.4", "fe80::1"]), linkState("eth1", ["2600::1"])],
    order: ["eth1", "eth0"],
  },
  {
    // amazon-ec2-utils #27
    why: "a lease of an IPv6-only subnet counts",
    links: [
      linkState("eth0", []),
      linkState("eth1", [], {
        addresses: [{ ...linkAddress("eth1", "169.254.1.11"), prefixLength: 32 }],
      }),
    ],
    order: ["eth1", "eth0"],
  },
  {
    why: "each driver that EC2 uses or used comes first",
    links: ["e1000", "vif", "efa", "ixgbevf"].map((driver, at) =>
      linkState(`eth${at}`, own, { driver }),
    ),
    order: ["eth1", "eth2", "eth3", "eth0"],
  },
  {
    why: "veths count where no link has a device",
    links: [linkState("veth1", own, veth), linkState("eth0", own, veth)],
    order: ["eth0", "veth1"],
  },
];

test.each([...orders])("$why", ({ links, order }) => {
  for (const given of [links, links.toReversed()]) {
    const { candidates, others } = rankCandidates(given);
    expect(candidates.map(({ link }) => link.name)).toEqual([...order]);
    expect(candidates.map(({ rank }) => rank)).toEqual(order.map((_, at) => at + 1));
    expect(others).toEqual([]);
  }
});

test("a link that is no candidate has a reason", () => {
  const links = [
    linkState("eth0", own),
    linkState("lo", ["127.0.0.1"], { kind: "loopback" }),
    linkState("br0", own, { kind: "bridge" }),
    linkState("bond0", own, { kind: "bond" }),
    linkState("eth0.5", own, { kind: "vlan" }),
    linkState("macvlan0", own, { kind: "macvlan" }),
    linkState("wg0", own, { kind: "tunnel" }),
    linkState("dummy0", own, { kind: "other" }),
    linkState("eth1", ["fe80::1"], { master: "bond0" }),
    linkState("veth3", own, veth),
  ];
  const { candidates, others } = rankCandidates(links);
  expect(candidates.map(({ link }) => link.name)).toEqual(["eth0"]);
  expect(Object.fromEntries(others.map(({ link, reason }) => [link.name, reason]))).toEqual({
    lo: "the loopback",
    br0: "a bridge",
    bond0: "a bond",
    "eth0.5": "a VLAN",
    macvlan0: "built over another NIC",
    wg0: "a tunnel",
    dummy0: "a virtual link",
    eth1: "belongs to bond0",
    veth3: "leads to a container",
  });
});

test("a NIC in a VRF is a candidate", () => {
  const links = [
    linkState("eth0", [...own, "fe80::1"], { master: "vrf-blue" }),
    linkState("vrf-blue", [], { kind: "other" }),
  ];
  expect(rankCandidates(links).candidates.map(({ link }) => link.name)).toEqual(["eth0"]);
});

test("the reason of a rank names carrier, address and driver", () => {
  const links = [
    linkState("eth0", own),
    linkState("eth1", [], { driver: null, hasCarrier: false }),
  ];
  expect(rankCandidates(links).candidates.map(({ reason }) => reason)).toEqual([
    "carrier, an address of its own, driver ena",
    "no carrier, no address, no driver",
  ]);
});
