import { expect, test } from "bun:test";
import { renderNetworkManager } from "../../../src/render/network-manager.ts";
import { configsOf, richEni } from "../../kit/facts/configs.ts";

// https://github.com/canonical/cloud-init/issues/4157
test("the leased IPv6 address is listed first: otherwise the secondary one would be the source", () => {
  const [, ipv6] = renderNetworkManager(configsOf(richEni))[0]?.content.split("[ipv6]\n") ?? [];
  expect(ipv6).toMatch(/^address1=2001:db8:ec2:1::20\/128\naddress2=2001:db8:ec2:1::21\/128$/m);
});
