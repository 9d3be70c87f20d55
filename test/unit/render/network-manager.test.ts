import { expect, test } from "bun:test";
import { renderNetworkManager } from "../../../src/render/network-manager.ts";
import { configsWith, richEni } from "../../kit/facts/configs.ts";
import { eniAt } from "../../kit/facts/nics.ts";

// https://github.com/canonical/cloud-init/issues/4157
test("the leased IPv6 address is listed first: otherwise the secondary one would be the source", () => {
  const [file] = renderNetworkManager(configsWith({ ruleStyle: "prefix" }, richEni));
  const [, ipv6] = file?.content.split("[ipv6]\n") ?? [];
  expect(ipv6).toMatch(/^address1=2001:db8:ec2:1::20\/128\naddress2=2001:db8:ec2:1::21\/128$/m);
});

test("no-secondary-defaults: a secondary ENI has never a default route in main", () => {
  const settings = { ruleStyle: "prefix", hasSecondaryDefaults: false } as const;
  const [primary, second] = renderNetworkManager(configsWith(settings, eniAt(0), richEni));
  expect(primary?.content).not.toContain("never-default");
  expect(second?.content.match(/^never-default=true$/gm)).toHaveLength(2);
});
