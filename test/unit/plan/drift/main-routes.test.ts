import { describe, expect, test } from "bun:test";
import type { KernelRoute } from "../../../../src/model/kernel-state.ts";
import type { RuleStyle } from "../../../../src/model/network-config.ts";
import { addMainRoutes } from "../../../../src/plan/drift/main-routes.ts";
import { expectedKernelFor, kernelRoute } from "../../../kit/facts/kernel-model.ts";
import { eniAt, familyOf, linkAt } from "../../../kit/facts/nics.ts";

const ipv4Of = (number: number) => ({
  ...familyOf([`10.0.${number}.10`], `10.0.${number}.0/24`, [`10.0.${number}.64/28`]),
  vpcCidrs: ["10.0.0.0/16"],
});
const ipv6Of = (number: number) => ({
  ...familyOf([`2001:db8:${number}::10`], `2001:db8:${number}::/64`),
  vpcCidrs: ["2001:db8::/32"],
});
const enis = [0, 1].map((number) =>
  eniAt(number, { ipv4: ipv4Of(number), ipv6: ipv6Of(number + 1) }),
);
const links = [linkAt(0), linkAt(1), linkAt(2), linkAt(9, { name: "docker0", kind: "bridge" })];

/** The routes that are added for these routes of the main table: `NIC DESTINATION HOP`. */
function addedFor(style: RuleStyle, ...routes: readonly KernelRoute[]): readonly string[] {
  const before = expectedKernelFor(enis, [], style);
  const after = addMainRoutes(before, { routes }, links);
  return after.nics.flatMap(({ name, routes: all }, index) => {
    const added = all.slice(before.nics[index]?.routes.length);
    return added.map((route) => `${name} ${route.destination} ${route.gateway ?? route.type}`);
  });
}

const through = (link: string, destination: string): KernelRoute => {
  const family = destination.includes(":") ? 6 : 4;
  return kernelRoute(link, { family, destination, gateway: family === 4 ? "10.0.0.7" : "fe80::7" });
};

describe("a route of main through another ENI", () => {
  test("outside the VPC leads through the own ENI, without link groups", () => {
    const routes = [through("ens5", "198.51.100.0/24"), through("ens5", "2001:db9::/32")];
    expect(addedFor("prefix", ...routes)).toEqual([
      "ens6 198.51.100.0/24 10.0.1.1",
      "ens6 2001:db9::/32 fe80:ec2::1",
    ]);
    expect(addedFor("group", ...routes)).toEqual([]);
  });

  // For example an ENI in another VPC, or a NIC that is not configured yet.
  test("leads an address of the primary through the primary, with both styles", () => {
    for (const style of ["group", "prefix"] as const) {
      expect(addedFor(style, through("ens6", "192.0.2.0/24"))).toEqual([
        "ens5 192.0.2.0/24 10.0.0.1",
      ]);
    }
    expect(addedFor("prefix", through("ens7", "192.0.2.0/24"))).toEqual([
      "ens5 192.0.2.0/24 10.0.0.1",
      "ens6 192.0.2.0/24 10.0.1.1",
    ]);
  });

  test("inside the VPC needs nothing", () => {
    const routes = ["10.0.0.0/24", "10.0.9.0/24", "169.254.169.253/32", "2001:db8:5::/64"];
    const added = addedFor("prefix", ...routes.map((each) => through("ens5", each)));
    expect(added).toEqual([]);
  });

  test("to everything, or link-local, needs nothing", () => {
    const routes = ["0.0.0.0/0", "128.0.0.0/1", "::/0", "2000::/4", "8000::/1", "fe80::/64"];
    expect(addedFor("prefix", ...routes.map((each) => through("ens5", each)))).toEqual([]);
  });

  // DHCPv4 adds it in an IPv6-only subnet (amazon-ec2-utils #27).
  test("to the link-local router of another NIC needs nothing", () => {
    for (const style of ["group", "prefix"] as const) {
      expect(addedFor(style, through("ens6", "169.254.0.1/32"))).toEqual([]);
    }
  });

  test("counts once for several next hops", () => {
    const hops = ["ens5", "ens7"].map((link) => through(link, "198.51.100.0/24"));
    expect(addedFor("prefix", ...hops)).toEqual([
      "ens5 198.51.100.0/24 10.0.0.1",
      "ens6 198.51.100.0/24 10.0.1.1",
    ]);
  });
});

describe("a route of main to a bridge or a VPN", () => {
  test("inside the VPC is used, without link groups", () => {
    const routes = [through("docker0", "10.0.200.0/24"), through("tun0", "2001:db8:99::/48")];
    expect(addedFor("prefix", ...routes)).toEqual([
      "ens5 10.0.200.0/24 throw",
      "ens5 2001:db8:99::/48 throw",
      "ens6 10.0.200.0/24 throw",
      "ens6 2001:db8:99::/48 throw",
    ]);
    expect(addedFor("group", ...routes)).toEqual([]);
  });

  test("outside the VPC needs nothing: the rule into main finds it", () => {
    expect(addedFor("prefix", through("docker0", "172.17.0.0/16"))).toEqual([]);
  });

  test("inside an own delegated prefix needs nothing: the file has the route", () => {
    expect(addedFor("prefix", through("docker0", "10.0.1.64/28"))).toEqual([
      "ens5 10.0.1.64/28 throw",
    ]);
    expect(addedFor("prefix", through("docker0", "10.0.1.65/32"))).toEqual([
      "ens5 10.0.1.65/32 throw",
    ]);
  });

  test("inside a route through another ENI is used", () => {
    const routes = [through("ens5", "198.51.100.0/24"), through("tun0", "198.51.100.8/29")];
    expect(addedFor("prefix", ...routes)).toEqual([
      "ens6 198.51.100.0/24 10.0.1.1",
      "ens6 198.51.100.8/29 throw",
    ]);
  });

  test("that equals a network of the VPC is not used: the file has that route", () => {
    expect(addedFor("prefix", through("docker0", "10.0.0.0/16"))).toEqual([]);
  });
});

test("the main table of a machine without NICs adds nothing", () => {
  const expected = expectedKernelFor(enis, [], "prefix");
  const routes = [through("ens5", "198.51.100.0/24")];
  expect(addMainRoutes({ ...expected, nics: [] }, { routes }, []).nics).toEqual([]);
});
