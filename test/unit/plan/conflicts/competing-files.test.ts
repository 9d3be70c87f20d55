import { describe, expect, test } from "bun:test";
import type { OtherFile } from "../../../../src/model/plan.ts";
import { findConflicts } from "../../../../src/plan/conflicts/competing-files.ts";
import type { MatchedNic } from "../../../../src/plan/conflicts/networkd-match.ts";

const nic: MatchedNic = { mac: "06:aa:bb:cc:dd:01", name: "ens6", driver: "ena", kind: "device" };
const networkd = { backend: "networkd", renderer: null } as const;
const manager = { backend: "network-manager", renderer: null } as const;
const onNetworkd = { backend: "netplan", renderer: "networkd" } as const;
const onManager = { backend: "netplan", renderer: "NetworkManager" } as const;

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
    ["Name=!eth*", "uses"],
    ["Name=!en*", "no"],
    ["Driver=ena vif ixgbevf", "uses"],
    ["Driver=virtio*", "no"],
    ["Type=ether", "uses"],
    ["Type=!ether wlan", "no"],
    ["Type=wlan", "no"],
    ["Kind=!veth", "uses"],
    ["Kind=veth", "no"],
    ["Name=*", "uses"],
    ["Driver=*\nName=ens5", "no"],
    ["Name=ens5\nName=ens6", "uses"],
    ["Name=ens6\nName=", "uses"], // reset; an empty section matches every link
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

  test("a NIC that is absent may get any name", () => {
    const absent = { mac: nic.mac, name: null, driver: null, kind: null };
    expect(
      conflictsOf([{ path: early, content: matching("Name=en*") }], networkd, absent),
    ).toHaveLength(1);
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

describe("NetworkManager, another profile", () => {
  const path = "/etc/NetworkManager/system-connections/admin.nmconnection";
  const profile = (connection: readonly string[], ethernet: readonly string[] = []) =>
    ["[connection]", "type=ethernet", ...connection, "", "[ethernet]", ...ethernet, ""].join("\n");
  test.each([
    ["a higher priority, any NIC", profile(["autoconnect-priority=200"]), "uses"],
    [
      "a higher priority, this MAC",
      profile(["autoconnect-priority=131"], ["mac-address=06:AA:BB:CC:DD:01"]),
      "uses",
    ],
    [
      "a higher priority, another MAC",
      profile(["autoconnect-priority=200"], ["mac-address=06:AA:BB:CC:DD:02"]),
      "no",
    ],
    [
      "a higher priority, this name",
      profile(["autoconnect-priority=200", "interface-name=ens6"]),
      "uses",
    ],
    [
      "a higher priority, a name that begins alike",
      profile(["autoconnect-priority=200", "interface-name=ens60"]),
      "no",
    ],
    ["cloud-init's priority", profile(["autoconnect-priority=120", "interface-name=ens6"]), "no"],
    ["no priority", profile(["interface-name=ens6"]), "no"],
    ["the same priority", profile(["autoconnect-priority=130"]), "may use"],
    ["no autoconnect", profile(["autoconnect-priority=200", "autoconnect=false"]), "no"],
    ["Wi-Fi", "[connection]\ntype=wifi\nautoconnect-priority=200\n", "no"],
    [
      "a section that is not understood",
      `${profile(["autoconnect-priority=200"])}\n[match]\ndriver=ena\n`,
      "may use",
    ],
  ])("%s: %s", (_, content, verb) => {
    for (const backend of [manager, onManager]) {
      const conflicts = conflictsOf([{ path, content }], backend);
      if (verb === "no") expect(conflicts).toEqual([]);
      else
        expect(conflicts).toEqual([
          expect.stringContaining(`${path}: NetworkManager ${verb} it for ens6`),
        ]);
    }
    expect(conflictsOf([{ path, content }], networkd)).toEqual([]);
  });

  test("the file that netplan generates for ec2nic is no conflict", () => {
    const generated =
      "/run/NetworkManager/system-connections/netplan-a-ec2nic-06aabbccdd01.nmconnection";
    const content = profile(["autoconnect-priority=130"]);
    expect(conflictsOf([{ path: generated, content }], onManager)).toEqual([]);
  });
});

describe("NetworkManager, kept off a NIC by", () => {
  const path = "/etc/NetworkManager/conf.d/10-admin.conf";
  test.each([
    ["[keyfile]\nunmanaged-devices=mac:06:aa:bb:cc:dd:01\n", "stops"],
    ["[keyfile]\nunmanaged-devices+=interface-name:ens*\n", "stops"],
    ["[keyfile]\nunmanaged-devices=interface-name:eth*;interface-name:ens5\n", "no"],
    ["[keyfile]\nunmanaged-devices=*,except:type:wifi\n", "stops"],
    ["[keyfile]\nunmanaged-devices=*,except:type:ethernet\n", "no"],
    ["[keyfile]\nunmanaged-devices=*,except:driver:ena\n", "no"],
    ["[keyfile]\nunmanaged-devices=s390-subchannels:0.0\n", "may stop"],
    ["[device-x]\nmatch-device=driver:ena\nmanaged=0\n", "stops"],
    ["[device-x]\nmatch-device=driver:ena\nmanaged=1\n", "no"],
    ["[main]\ndns=none\n", "no"],
  ])("%j: %s", (content, verb) => {
    const conflicts = conflictsOf([{ path, content }], manager);
    if (verb === "no") expect(conflicts).toEqual([]);
    else
      expect(conflicts).toEqual([
        `${path} ${verb} NetworkManager from managing ens6 (06:aa:bb:cc:dd:01)`,
      ]);
  });
});

test("netplan merges two files that name the same id", () => {
  const path = "/etc/netplan/99-admin.yaml";
  const content = "network: {ethernets: {a-ec2nic-06aabbccdd01: {mtu: 1500}}}\n";
  expect(conflictsOf([{ path, content }], onNetworkd)).toEqual([
    `${path}: netplan merges its a-ec2nic-06aabbccdd01 with ec2nic's settings for ens6 (06:aa:bb:cc:dd:01)`,
  ]);
  expect(conflictsOf([{ path, content }], networkd)).toEqual([]);
});
