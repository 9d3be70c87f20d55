import { expect, test } from "bun:test";
import { renderNetworkManager } from "../../../src/render/network-manager.ts";
import { configsWith, richEni } from "../../kit/facts/configs.ts";
import { eniAt, familyOf, noFamily } from "../../kit/facts/nics.ts";

const fileOf = (eni = richEni) =>
  renderNetworkManager(configsWith({ ruleStyle: "prefix" }, eni))[0];
const sectionOf = (name: string, eni = richEni) =>
  fileOf(eni)
    ?.content.split("\n\n")
    .find((section) => section.includes(`[${name}]\n`))
    ?.split("\n") ?? [];

test("the profile of the primary has DHCP with its metric, a MAC, and is readable by root only", () => {
  expect(fileOf(eniAt(0))).toEqual({
    path: "/etc/NetworkManager/system-connections/ec2nic-06aabbccdd00.nmconnection",
    mac: "06:aa:bb:cc:dd:00",
    mode: 0o600,
    content: [
      "# written by ec2nic, and written again at its next run",
      "# to keep it off this NIC, list it in /etc/ec2nic/unmanaged and delete this file",
      "# eni-0, primary, index 0",
      "[connection]",
      "id=ec2nic-06aabbccdd00",
      "uuid=6563326e-6963-8000-8000-06aabbccdd00",
      "type=ethernet",
      "autoconnect-priority=130",
      "autoconnect-retries=0",
      "",
      "[ethernet]",
      "mac-address=06:AA:BB:CC:DD:00",
      "",
      "[ipv4]",
      "method=auto",
      "dhcp-timeout=2147483647",
      "required-timeout=20000",
      "route-metric=64",
      "route1=10.0.0.0/24",
      "route1_options=table=10000",
      "routing-rule1=priority 3800 from 10.0.0.10/32 table 10000",
      "",
      "[ipv6]",
      "method=link-local",
      "addr-gen-mode=eui64",
      "ip6-privacy=0",
      "",
      "[user]",
      "org.freedesktop.NetworkManager.origin=ec2nic",
      "",
    ].join("\n"),
  });
});

test("IPv4 of another ENI has secondary addresses, a table and rules", () => {
  expect(sectionOf("ipv4").slice(4)).toEqual([
    "route-metric=65",
    "address1=10.0.1.21/32",
    "route1=10.0.1.0/24",
    "route1_options=table=10001",
    "route2=10.0.0.0/16,10.0.1.1",
    "route2_options=table=10001,onlink=true",
    "route3=169.254.168.0/22,10.0.1.1",
    "route3_options=table=10001,onlink=true",
    "route4=10.0.1.32/28",
    "route4_options=table=10001,type=throw",
    "route5=0.0.0.0/0,10.0.1.1",
    "route5_options=table=10001,onlink=true",
    ...["10.0.1.20/32", "10.0.1.21/32", "10.0.1.32/28"].flatMap((from, at) => [
      `routing-rule${3 * at + 1}=priority 1601 from ${from} table 10001 suppress_prefixlength 0`,
      `routing-rule${3 * at + 2}=priority 2701 from ${from} table 254 suppress_prefixlength 1`,
      `routing-rule${3 * at + 3}=priority 3801 from ${from} table 10001`,
    ]),
  ]);
});

// https://github.com/canonical/cloud-init/issues/4157
test("the leased IPv6 address is listed first: otherwise the secondary one would be the source", () => {
  const lines = sectionOf("ipv6");
  expect(lines).toContain("address1=2001:db8:ec2:1::20/128");
  expect(lines).toContain("address2=2001:db8:ec2:1::21/128");
  expect(lines).toContain("route5=::/0,fe80:ec2::1");
  expect(lines).toContain("route5_options=table=10001");
});

test("a single IPv6 address comes by DHCP and is not listed", () => {
  const eni = { ...richEni, ipv6: familyOf(["2001:db8::20"], "2001:db8::/64") };
  expect(sectionOf("ipv6", eni).filter((line) => line.startsWith("address"))).toEqual([]);
});

// amazon-ec2-utils #27: DHCPv4 gives 169.254.x.y in an IPv6-only subnet
test("an IPv6-only NIC keeps DHCPv4, and its activation waits for IPv6", () => {
  const eni = { ...richEni, ipv4: noFamily };
  expect(sectionOf("ipv4", eni)).toEqual([
    "[ipv4]",
    "method=auto",
    "dhcp-timeout=2147483647",
    "route-metric=65",
  ]);
  expect(sectionOf("ipv6", eni)).toContain("method=auto");
  expect(sectionOf("ipv6", eni)).toContain("required-timeout=20000");
  expect(sectionOf("ipv6")).not.toContain("required-timeout=20000");
});

test("no-secondary-defaults: a secondary ENI has never a default route in main", () => {
  const settings = { ruleStyle: "prefix", hasSecondaryDefaults: false } as const;
  const [primary, second] = renderNetworkManager(configsWith(settings, eniAt(0), richEni));
  expect(primary?.content).not.toContain("never-default");
  expect(second?.content.match(/^never-default=true$/gm)).toHaveLength(2);
});

test("a profile does not contain the link name, which may change", () => {
  expect(fileOf()?.content).not.toContain("interface-name");
});
