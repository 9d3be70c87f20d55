import { describe, expect, test } from "bun:test";
import type { OtherFile } from "../../../../src/model/plan.ts";
import { findConflicts } from "../../../../src/plan/conflicts/competing-files.ts";
import type { MatchedNic } from "../../../../src/plan/conflicts/networkd-match.ts";

const nic: MatchedNic = { mac: "06:aa:bb:cc:dd:01", name: "ens6", driver: "ena", kind: "device" };
const networkd = { backend: "networkd", renderer: null } as const;
const manager = { backend: "network-manager", renderer: null } as const;
const onManager = { backend: "netplan", renderer: "NetworkManager" } as const;
const conflictsOf = (others: readonly OtherFile[], backend: Parameters<typeof findConflicts>[2]) =>
  findConflicts(others, [nic], backend);

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
    [
      "a key of another section",
      `${profile(["autoconnect-priority=200"])}[user]\nautoconnect-priority=0\n`,
      "uses",
    ],
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
    ["[keyfile]\nunmanaged-devices=eth0;ens6\n", "stops"],
    ["[main]\nunmanaged-devices=*\n", "no"],
    ["[keyfile]\nunmanaged-devices=eth0,except:type:wifi\n", "no"],
    ["[keyfile]\nunmanaged-devices=*,except:type:wifi\n", "stops"],
    ["[keyfile]\nunmanaged-devices=*,except:type:ethernet\n", "no"],
    ["[keyfile]\nunmanaged-devices=*,except:driver:ena\n", "no"],
    ["[keyfile]\nunmanaged-devices=s390-subchannels:0.0\n", "may stop"],
    ["[device-x]\nmatch-device=driver:ena\nmanaged=0\n", "stops"],
    ["[device-x]\nmatch-device=driver:ena\nmanaged=1\n", "no"],
    ["[device-x]\nmanaged=0\n", "stops"],
    [
      "[device-x]\nmatch-device=driver:vif\n[device-y]\nmatch-device=driver:ena\nmanaged=0",
      "stops",
    ],
    ["[device-x]\nmatch-device=driver:ena\n[device-y]\nmatch-device=driver:vif\nmanaged=0", "no"],
    ["[ifupdown]\nmanaged=false\n", "no"], // in Debian's NetworkManager.conf
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
