import { expect, test } from "bun:test";
import { renderNetworkd } from "../../../src/render/networkd.ts";
import { configsOf, richEni } from "../../kit/facts/configs.ts";
import { eniAt, noFamily } from "../../kit/facts/nics.ts";

const fileOf = (eni = richEni) => renderNetworkd(configsOf(eni))[0];
const sectionsOf = (eni = richEni) => fileOf(eni)?.content.split("\n\n") ?? [];
const sectionsNamed = (name: string, eni = richEni) =>
  sectionsOf(eni).filter((section) => section.startsWith(`[${name}]\n`));

test("the file of the primary has DHCP with its metric and nothing else", () => {
  expect(fileOf(eniAt(0))).toEqual({
    path: "/etc/systemd/network/60-ec2nic-06aabbccdd00.network",
    mac: "06:aa:bb:cc:dd:00",
    // systemd-networkd runs as its own user and cannot read a file that only root may read.
    mode: 0o644,
    content: [
      "# written by ec2nic, and written again at its next run",
      "# to keep it off this NIC, list it in /etc/ec2nic/unmanaged and delete this file",
      "# eni-0, primary",
      "[Match]",
      "MACAddress=06:aa:bb:cc:dd:00",
      "Type=ether",
      "Kind=!bond bridge hsr ipvlan ipvtap macsec macvlan macvtap team vlan",
      "",
      "[Network]",
      "DHCP=ipv4",
      "IPv6AcceptRA=no",
      "KeepConfiguration=dhcp",
      "",
      "[DHCPv4]",
      "RouteMetric=512",
      "UseMTU=yes",
      "",
    ].join("\n"),
  });
});

test("another ENI is not awaited at boot and does not set the host name", () => {
  expect(sectionsNamed("Link")).toEqual(["[Link]\nRequiredForOnline=no"]);
  expect(sectionsNamed("DHCPv4")).toEqual([
    "[DHCPv4]\nRouteMetric=513\nUseMTU=yes\nUseHostname=no",
  ]);
  expect(sectionsNamed("DHCPv6")).toEqual(["[DHCPv6]\nUseHostname=no"]);
  expect(sectionsNamed("IPv6AcceptRA")).toEqual(["[IPv6AcceptRA]\nRouteMetric=513"]);
});

test("an IPv6-only NIC has neither DHCPv4 nor its section", () => {
  const eni = { ...richEni, ipv4: noFamily };
  expect(sectionsNamed("Network", eni)[0]).toContain("\nDHCP=ipv6\nIPv6AcceptRA=yes\n");
  expect(sectionsNamed("DHCPv4", eni)).toEqual([]);
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
    "[Route]\nDestination=::/0\nGateway=fe80:ec2::1\nTable=10001",
  ]);
});

test("each source has three kinds of rules", () => {
  const rules = sectionsNamed("RoutingPolicyRule");
  expect(rules).toHaveLength(6 * 4);
  expect(rules.filter((rule) => rule.includes("From=10.0.1.32/28"))).toEqual([
    "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTo=10.0.0.0/16\nTable=10001\nPriority=2001",
    "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTo=169.254.168.0/22\nTable=10001\nPriority=2001",
    "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=254\nPriority=6001\nSuppressPrefixLength=0",
    "[RoutingPolicyRule]\nFrom=10.0.1.32/28\nTable=10001\nPriority=10001",
  ]);
});
