import { describe, expect, test } from "bun:test";
import type { OtherFile } from "../../../../src/model/plan.ts";
import { findConflicts } from "../../../../src/plan/conflicts/competing-files.ts";
import type { MatchedNic } from "../../../../src/plan/conflicts/networkd-match.ts";

const nic: MatchedNic = { mac: "06:aa:bb:cc:dd:01", name: "ens6", driver: "ena", kind: "device" };
const networkd = { backend: "networkd", renderer: null } as const;
const manager = { backend: "network-manager", renderer: null } as const;
const onNetworkd = { backend: "netplan", renderer: "networkd" } as const;

const early = "/etc/systemd/network/05-admin.network";
const matching = (...lines: readonly string[]) =>
  `[Match]\n${lines.join("\n")}\n\n[Network]\nDHCP=no\n`;
const conflictsOf = (
  others: readonly OtherFile[],
  backend: Parameters<typeof findConflicts>[2],
  target = nic,
) => findConflicts(others, [target], backend);

describe("networkd, an earlier name with [Match]", () => {
  test.each([
    ["MACAddress=06:aa:bb:cc:dd:01", "uses"],
    ["MACAddress=06-AA-BB-CC-DD-01", "uses"],
    ["MACAddress=06aa.bbcc.dd01 06:aa:bb:cc:dd:09", "uses"],
    ["MACAddress=06:aa:bb:cc:dd:09", "no"],
    ["PermanentMACAddress=06:aa:bb:cc:dd:01", "uses"],
    ["Name=ens6", "uses"],
    ["Name=ens60", "no"],
    ["Name=en*", "uses"],
    ["Name=eth* en?[1-5]", "no"],
    ["Name=eth* ens[5-7]", "uses"],
    ["Name=ens?", "uses"],
    ["Name=en.6", "no"],
    ["Name=[z-a]", "may"], // no valid range
    ["Name=ens5 \\\n  ens6", "uses"], // a line that continues
    ["Name=!eth*", "uses"],
    ["Name=!en*", "no"],
    ["Driver=ena vif ixgbevf", "uses"],
    ["Driver=virtio*", "no"],
    ["Type=ether", "uses"],
    ["Type=!ether wlan", "no"],
    ["Type=wlan", "no"],
    ["Kind=!veth", "uses"],
    ["Kind=veth", "no"],
    ["Kind=*", "no"], // a NIC with a device has no kind
    ["Name=*", "uses"],
    ["Driver=*\nName=ens5", "no"],
    ["Name=ens5\nName=ens6", "uses"],
    ["Name=ens5\nName=", "uses"], // reset; an empty section matches every link
    ["# Name=ens6\n; Driver=x", "uses"],
    ["Property=ID_X=1", "may"],
    ["Property=ID_X=1\nName=ens5", "no"],
    ["Path=pci-0000:00:06.0", "may"],
    ["Virtualization=vm", "may"],
  ])("%j: %s", (lines, verb) => {
    const conflicts = conflictsOf([{ path: early, content: matching(lines) }], networkd);
    if (verb === "no") expect(conflicts).toEqual([]);
    else expect(conflicts).toEqual([expect.stringContaining(`${early}: networkd ${verb} `)]);
  });

  test("a deciding key that is not understood is named", () => {
    const content = matching("Property=ID_X=1", "Name=ens6");
    expect(conflictsOf([{ path: early, content }], networkd)).toEqual([
      `${early}: networkd may use it for ens6 (06:aa:bb:cc:dd:01) instead of ` +
        "/etc/systemd/network/60-ec2nic-06aabbccdd01.network (Property is not evaluated here)",
    ]);
  });

  test.each([
    ["Name=en*", "may use it"],
    ["Name=*", "uses it"],
  ])("%s: networkd %s for a NIC that is absent", (line, verb) => {
    const absent = { mac: nic.mac, name: null, driver: null, kind: null };
    expect(conflictsOf([{ path: early, content: matching(line) }], networkd, absent)).toEqual([
      expect.stringContaining(`${early}: networkd ${verb} for ${nic.mac} `),
    ]);
  });

  test.each([
    ["Kind=veth", 1],
    ["Kind=!veth", 0],
  ])("%s: a veth has a kind", (line, count) => {
    const veth = { ...nic, driver: "veth", kind: "veth" } as const;
    const content = matching(line);
    expect(conflictsOf([{ path: early, content }], networkd, veth)).toHaveLength(count);
  });

  test("an empty file masks its name", () => {
    expect(conflictsOf([{ path: early, content: "" }], networkd)).toEqual([]);
  });
});

describe("networkd, the order of names", () => {
  const content = matching("Name=*");
  const catchAll = (path: string) => ({ path, content });
  test.each([
    [
      "the file of Amazon Linux sorts later",
      "/usr/lib/systemd/network/80-ec2.network",
      networkd,
      false,
    ],
    ["the name decides, not the folder", "/usr/lib/systemd/network/50-x.network", networkd, true],
    [
      "netplan's file for another id sorts before ec2nic's",
      "/run/systemd/network/10-netplan-all-en.network",
      networkd,
      true,
    ],
    [
      "with netplan, ec2nic's file sorts first",
      "/run/systemd/network/10-netplan-all-en.network",
      onNetworkd,
      false,
    ],
    [
      "with netplan, a name before 10-netplan sorts earlier",
      "/etc/systemd/network/05-x.network",
      onNetworkd,
      true,
    ],
    [
      "the file that netplan generates for ec2nic is no conflict",
      "/run/systemd/network/10-netplan-a-ec2nic-06aabbccdd01.network",
      onNetworkd,
      false,
    ],
    [
      "the same name in /etc hides netplan's",
      "/etc/systemd/network/10-netplan-a-ec2nic-06aabbccdd01.network",
      onNetworkd,
      true,
    ],
    ["other kinds of files are ignored", "/etc/systemd/network/05-x.link", networkd, false],
    ["other folders are ignored", "/opt/systemd/network/05-x.network", networkd, false],
    ["NetworkManager does not read the file", "/etc/systemd/network/05-x.network", manager, false],
  ] as const)("%s", (_, path, backend, competes) => {
    expect(conflictsOf([catchAll(path)], backend)).toHaveLength(competes ? 1 : 0);
  });

  test("of files with one name only the one in the first folder counts", () => {
    const usr = catchAll("/usr/lib/systemd/network/05-x.network");
    const etc = { path: "/etc/systemd/network/05-x.network", content: matching("Name=eth9") };
    expect(conflictsOf([usr], networkd)).toHaveLength(1);
    expect(conflictsOf([usr, etc], networkd)).toEqual([]);
  });
});

test("netplan merges files that name the same id, which are reported in the order of their names", () => {
  const content = "network: {ethernets: {a-ec2nic-06aabbccdd01: {mtu: 1500}}}\n";
  const files = [
    { path: "/etc/netplan/99-admin.yaml", content },
    { path: "/etc/netplan/01-admin.yaml", content },
    { path: "/etc/netplan/50-cloud-init.yaml", content: "network: {ethernets: {ens6: {}}}\n" },
    { path: "/etc/netplan/99-admin.yaml.bak", content },
    { path: "/etc/netplan/60-ec2nic-06aabbccdd01.yaml", content },
  ];
  expect(conflictsOf(files, onNetworkd)).toEqual(
    ["/etc/netplan/01-admin.yaml", "/etc/netplan/99-admin.yaml"].map(
      (path) =>
        `${path}: netplan merges its a-ec2nic-06aabbccdd01 with ec2nic's settings for ens6 (06:aa:bb:cc:dd:01)`,
    ),
  );
  expect(conflictsOf(files, networkd)).toEqual([]);
});
