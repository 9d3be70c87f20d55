import { expect, test } from "bun:test";
import type { ConfigFile } from "../../../../src/model/plan.ts";
import { configure } from "../../../../src/plan/config/configure.ts";
import { parseManagedNics } from "../../../../src/plan/files/managed-nics.ts";
import { renderNetplan } from "../../../../src/render/netplan.ts";
import { renderNetworkManager } from "../../../../src/render/network-manager.ts";
import { renderNetworkd } from "../../../../src/render/networkd.ts";
import { eniAt, familyOf, linkAt, macAt } from "../../../kit/facts/nics.ts";

const ipv4 = {
  ...familyOf(["10.0.2.10", "10.0.2.20"], "10.0.2.0/24", ["10.0.2.64/28"]),
  vpcCidrs: ["10.0.0.0/16", "172.31.0.0/16"],
};
const ipv6 = familyOf(["2001:db8:7::10"], "2001:db8:7::/64");
const enis = [eniAt(0, { id: "eni-0a" }), eniAt(2, { id: "eni-0b", networkCard: 3, ipv4, ipv6 })];
const nics = enis.map((eni) => ({ eni, link: linkAt(eni.deviceNumber) }));
const group = configure(nics, { ruleStyle: "group" });
const prefix = configure(nics, { ruleStyle: "prefix" });

const renderings: Readonly<Record<string, readonly ConfigFile[]>> = {
  networkd: renderNetworkd(group),
  "networkd before systemd 250": renderNetworkd(prefix),
  "network-manager": renderNetworkManager(prefix),
  "netplan for networkd": renderNetplan(group, "networkd"),
  "netplan for networkd before systemd 250": renderNetplan(prefix, "networkd"),
  "netplan for NetworkManager": renderNetplan(prefix, "NetworkManager"),
};

const primary = {
  mac: macAt(0),
  eniId: "eni-0a",
  isPrimary: true,
  index: 0,
  sources: ["10.0.0.10/32"],
  vpcNetworks: [],
};
const other = {
  mac: macAt(2),
  eniId: "eni-0b",
  isPrimary: false,
  index: 302,
  sources: ["10.0.2.10/32", "10.0.2.20/32", "10.0.2.64/28"],
  vpcNetworks: ["10.0.0.0/16", "172.31.0.0/16"],
};

for (const [backend, rendered] of Object.entries(renderings)) {
  test(`${backend}: the NICs are parsed from their files`, () => {
    const parsed = parseManagedNics(rendered).toSorted(byIndex);
    // with link groups, the tables have no route to the VPC's networks
    const isGroup = parsed.every(({ ruleStyle }) => ruleStyle === "group");
    expect(isGroup).toBe(backend === "networkd" || backend === "netplan for networkd");
    const ruleStyle = isGroup ? "group" : "prefix";
    const vpcNetworks = isGroup ? [] : other.vpcNetworks;
    expect(parsed).toEqual([
      { ...primary, ruleStyle },
      { ...other, vpcNetworks, ruleStyle },
    ]);
  });

  test(`${backend}: a file without the mark of ec2nic is ignored`, () => {
    const files = rendered.map((file) => {
      return { ...file, content: file.content.replace("written by ec2nic", "written by hand") };
    });
    expect(parseManagedNics(files)).toEqual([]);
  });
}

test("a managed file without its ENI, and a managed file for no NIC, are ignored", () => {
  const [file] = renderNetworkd(group);
  const content = file?.content ?? "";
  const files = [
    { path: file?.path ?? "", content: content.replace(/# eni-0a, primary.*\n/, ""), mode: 0o644 },
    { path: "/etc/systemd/networkd.conf.d/60-ec2nic.conf", content, mode: 0o644 },
  ];
  expect(parseManagedNics(files)).toEqual([]);
});

test("invalid networks in a managed file are ignored", () => {
  const [file] = renderNetworkd(configure(nics.slice(1), { ruleStyle: "group" }));
  const content = (file?.content ?? "").replaceAll("From=10.0.2.10/32", "From=10.0.2.10; reboot");
  const [read] = parseManagedNics([{ path: file?.path ?? "", content, mode: 0o644 }]);
  expect(read?.sources).toEqual(["10.0.2.20/32", "10.0.2.64/28"]);
});

function byIndex(left: { readonly index: number }, right: { readonly index: number }): number {
  return left.index - right.index;
}
