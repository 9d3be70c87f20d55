import { expect, test } from "bun:test";
import { parseIniEntries } from "../../../src/plan/conflicts/match.ts";
import { renderNetplan } from "../../../src/render/netplan.ts";
import { renderNetworkManager } from "../../../src/render/network-manager.ts";
import { configsWith, richEni } from "../../kit/facts/configs.ts";
import { eniAt, noFamily } from "../../kit/facts/nics.ts";

/** The settings of a NIC for the renderer NetworkManager; the golden cases show those for networkd. */
function settingsOf(eni = richEni) {
  const [file, ...others] = renderNetplan(
    configsWith({ ruleStyle: "prefix" }, eni),
    "NetworkManager",
  );
  expect(others).toEqual([]);
  const document = Bun.YAML.parse(file?.content ?? "") as {
    readonly network: { readonly ethernets: Readonly<Record<string, object>> };
  };
  return document.network.ethernets["a-ec2nic-06aabbccdd01"];
}

/** The keys of our own keyfile that netplan cannot express, as `section.key`. */
function keyfileKeys(eni = richEni) {
  const [file] = renderNetworkManager(configsWith({ ruleStyle: "prefix" }, eni));
  const keys = parseIniEntries(file?.content ?? "")
    .filter(({ key }) => /^(?:autoconnect-|method$|[a-z]+-timeout$|routing-rule)/.test(key))
    .map(({ section, key, value }) => [`${section}.${key}`, value] as const);
  return Object.fromEntries(keys);
}

const ipv6Only = eniAt(1, { ipv4: noFamily, ipv6: richEni.ipv6 });

test("what netplan cannot express for NetworkManager is passed on as in ec2nic's own profile", () => {
  for (const eni of [richEni, ipv6Only]) {
    const name = "ec2nic-06aabbccdd01";
    const uuid = "6563326e-6963-8000-8000-06aabbccdd01";
    expect(settingsOf(eni)).toMatchObject({
      networkmanager: { uuid, name, passthrough: keyfileKeys(eni) },
    });
  }
  expect(Object.keys(keyfileKeys()).length).toBeGreaterThan(24);
});

test("netplan's own settings for NetworkManager have the addresses, the table and the metric", () => {
  const { networkmanager: _, ...settings } = settingsOf() as { readonly networkmanager: object };
  const table = 10_001;
  const metric = { "route-metric": 65 };
  expect(settings).toEqual({
    renderer: "NetworkManager",
    match: { macaddress: "06:aa:bb:cc:dd:01" },
    optional: true,
    dhcp4: true,
    "dhcp4-overrides": metric,
    dhcp6: true,
    "dhcp6-overrides": metric,
    "accept-ra": true,
    "ipv6-address-generation": "eui64",
    addresses: ["10.0.1.21/32", "2001:db8:ec2:1::20/128", "2001:db8:ec2:1::21/128"],
    routes: [
      { to: "10.0.1.0/24", scope: "link", table },
      { to: "10.0.0.0/16", via: "10.0.1.1", "on-link": true, table },
      { to: "169.254.168.0/22", via: "10.0.1.1", "on-link": true, table },
      { to: "0.0.0.0/0", via: "10.0.1.1", "on-link": true, table },
      { to: "2001:db8:ec2:1::/64", scope: "link", table },
      { to: "2001:db8:ec2::/56", via: "fe80:ec2::1", table },
      { to: "fd00:ec2::/32", via: "fe80:ec2::1", table },
      { to: "::/0", via: "fe80:ec2::1", table },
    ],
  } as object);
});
