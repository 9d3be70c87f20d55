import { describe, expect, test } from "bun:test";
import { renderNetworkd } from "../../../src/render/networkd.ts";
import type { ConfigSettings } from "../../../src/plan/config/configure.ts";
import { configsWith, richEni } from "../../kit/facts/configs.ts";
import { eniAt } from "../../kit/facts/nics.ts";

// the golden cases show the files for systemd 250 and later
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
