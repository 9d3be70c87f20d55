import { describe, expect, test } from "bun:test";
import { renderNetworkd } from "../../../src/render/networkd.ts";
import type { ConfigSettings } from "../../../src/plan/config/configure.ts";
import { configsOf, configsWith, richEni } from "../../kit/facts/configs.ts";
import { eniAt, noFamily } from "../../kit/facts/nics.ts";

const fileOf = (eni = richEni) => renderNetworkd(configsOf(eni))[0];
const sectionsOf = (eni = richEni) => fileOf(eni)?.content.split("\n\n") ?? [];
const sectionsNamed = (name: string, eni = richEni) =>
  sectionsOf(eni).filter((section) => section.startsWith(`[${name}]\n`));

test("the file of the primary has DHCP with its metric, a link group, and rules for the VPC", () => {
  expect(fileOf(eniAt(0))).toEqual({
    path: "/etc/systemd/network/60-ec2nic-06aabbccdd00.network",
    mac: "06:aa:bb:cc:dd:00",
    // systemd-networkd runs as its own user and cannot read a file that only root may read.
    mode: 0o644,
    content: [
      "# written by ec2nic, and written again at its next run",
      "# to keep it off this NIC, list it in /etc/ec2nic/unmanaged and delete this file",
      "# eni-0, primary, index 0",
      "[Match]",
      "MACAddress=06:aa:bb:cc:dd:00",
      "Type=ether",
      "Kind=!bond bridge hsr ipvlan ipvtap macsec macvlan macvtap team vlan",
      "",
      "[Link]",
      "Group=10000",
      "",
      "[Network]",
      "DHCP=ipv4",
      "IPv6AcceptRA=no",
      "KeepConfiguration=dhcp",
      "",
      "[DHCPv4]",
      "RouteMetric=64",
      "UseMTU=yes",
      "RoutesToDNS=no",
      "",
      "[Route]",
      "Destination=10.0.0.0/24",
      "Table=10000",
      "",
      "[RoutingPolicyRule]",
      "From=10.0.0.10/32",
      "Table=254",
      "Priority=2700",
      "SuppressInterfaceGroup=10000",
      "",
      "[RoutingPolicyRule]",
      "From=10.0.0.10/32",
      "Table=10000",
      "Priority=3800",
      "",
    ].join("\n"),
  });
});

test("another ENI is not awaited at boot and does not set the host name", () => {
  expect(sectionsNamed("Link")).toEqual(["[Link]\nGroup=10000\nRequiredForOnline=no"]);
  expect(sectionsNamed("DHCPv4")).toEqual([
    "[DHCPv4]\nRouteMetric=65\nUseMTU=yes\nRoutesToDNS=no\nUseHostname=no",
  ]);
  expect(sectionsNamed("DHCPv6")).toEqual(["[DHCPv6]\nUseHostname=no"]);
  expect(sectionsNamed("IPv6AcceptRA")).toEqual(["[IPv6AcceptRA]\nRouteMetric=65"]);
});

// amazon-ec2-utils #27: DHCPv4 gives 169.254.x.y in an IPv6-only subnet
test("an IPv6-only NIC keeps DHCPv4, and only IPv6 makes it online", () => {
  const eni = { ...richEni, ipv4: noFamily };
  expect(sectionsNamed("Network", eni)[0]).toContain("\nDHCP=yes\nIPv6AcceptRA=yes\n");
  expect(sectionsNamed("DHCPv4", eni)).toEqual(sectionsNamed("DHCPv4"));
  expect(sectionsNamed("Link", eni)).toEqual(sectionsNamed("Link"));
  const primary = { ...eni, isPrimary: true };
  expect(sectionsNamed("Link", primary)).toEqual([
    "[Link]\nGroup=10000\nRequiredFamilyForOnline=ipv6",
  ]);
});

test("secondary addresses add no route and are no source", () => {
  expect(sectionsNamed("Address")).toEqual([
    "[Address]\nAddress=10.0.1.21/32\nAddPrefixRoute=no",
    "[Address]\nAddress=2001:db8:ec2:1::21/128\nAddPrefixRoute=no\nPreferredLifetime=0",
  ]);
});

test("the table has the advertised IPv6 router and the VPC's fixed address of it", () => {
  expect(sectionsNamed("Route")).toEqual([
    "[Route]\nDestination=::/0\nGateway=_ipv6ra\nMetric=512\nTable=10001",
    "[Route]\nDestination=10.0.1.0/24\nTable=10001",
    "[Route]\nDestination=0.0.0.0/0\nGateway=10.0.1.1\nGatewayOnLink=yes\nTable=10001",
    "[Route]\nDestination=2001:db8:ec2:1::/64\nTable=10001",
    "[Route]\nDestination=fe80::/64\nTable=10001",
    "[Route]\nDestination=::/0\nGateway=fe80:ec2::1\nTable=10001",
  ]);
});

test("each source has two rules, the first with the link group", () => {
  const rules = sectionsNamed("RoutingPolicyRule");
  expect(rules).toHaveLength(6 * 2);
  expect(rules.filter((rule) => rule.includes("From=10.0.1.32/28"))).toEqual([
    "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=254\nPriority=2701\nSuppressPrefixLength=1\nSuppressInterfaceGroup=10000",
    "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=10001\nPriority=3801",
  ]);
});

describe("systemd 249, without link groups", () => {
  const textOf = (settings: Partial<ConfigSettings> = {}) =>
    renderNetworkd(configsWith({ ruleStyle: "prefix", ...settings }, richEni))[0]?.content ?? "";

  test("the file uses no setting of a later version", () => {
    const text = textOf({ hasSecondaryDefaults: false });
    expect(text).not.toMatch(/SuppressInterfaceGroup|\nGroup=/);
    // `UseGateway=` of `[IPv6AcceptRA]` needs systemd 250, that of `[DHCPv4]` 246
    expect(text).toContain("[IPv6AcceptRA]\nRouteMetric=65\nRouteTable=10001\n");
    expect(text).toContain("RoutesToDNS=no\nUseGateway=no\n");
  });

  test("own prefixes have routes of type throw, and each source three rules", () => {
    const sections = textOf().split("\n\n");
    expect(sections).toContain("[Route]\nDestination=10.0.1.32/28\nType=throw\nTable=10001");
    expect(sections.filter((each) => each.includes("From=10.0.1.32/28"))).toEqual([
      "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=10001\nPriority=1601\nSuppressPrefixLength=0",
      "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=254\nPriority=2701\nSuppressPrefixLength=1",
      "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=10001\nPriority=3801",
    ]);
  });
});

test("no-secondary-defaults: DHCP and advertisements add no default route to main", () => {
  const settings = { ruleStyle: "group", hasSecondaryDefaults: false } as const;
  const [primary, second] = renderNetworkd(configsWith(settings, eniAt(0), richEni));
  expect(primary?.content).not.toContain("UseGateway");
  expect(second?.content.match(/UseGateway=no/g)).toHaveLength(2);
  expect(second?.content).toContain("Destination=0.0.0.0/0\nGateway=10.0.1.1");
});
