import { describe, expect, test } from "bun:test";
import type { DaemonLink, DaemonLinks } from "../../../../src/model/backend-facts.ts";
import type { Link } from "../../../../src/model/link.ts";
import { findExclusions } from "../../../../src/plan/conflicts/left-alone.ts";

const nic = (name: string, digit: number): Link => ({
  name,
  mac: `06:ec:2a:00:00:0${digit}`,
  kind: "device",
  driver: "ena",
  busAddress: null,
});
const nics = [nic("ens5", 0), nic("ens6", 1)];
const [mac0, mac1] = ["06:ec:2a:00:00:00", "06:ec:2a:00:00:01"];

/** Debian's and Ubuntu's list, where networkd has the Ethernet NICs. */
const vendorPath = "/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf";
const noEthernet = "[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm\n";

const noLink: DaemonLink = { udev: {}, networkd: null, networkManager: null };
const device = (state: number, reason = 0): DaemonLink => ({
  ...noLink,
  networkManager: { state, reason, profile: null },
});
const networkd = (state: string): DaemonLink => ({ ...noLink, networkd: { state, file: null } });

type Files = Readonly<Record<string, string>>;
const exclusions = (files: Files, daemonLinks: DaemonLinks = {}, links = nics) => {
  const otherFiles = Object.entries(files).map(([path, content]) => ({ path, content }));
  return findExclusions({ otherFiles, daemonLinks, nics: links });
};

describe("NetworkManager leaves alone", () => {
  test("Ethernet, if conf.d says so: on a machine, before its start, and in an image", () => {
    const reason = `${vendorPath} tells NetworkManager to leave the NIC alone`;
    const files = { [vendorPath]: noEthernet };
    const running = { ens5: device(10, 76), ens6: device(10, 0) };
    for (const links of [{}, running]) {
      const { networkManager } = exclusions(files, links);
      expect(networkManager).toEqual({ byMac: { [mac0]: reason, [mac1]: reason }, ofAll: reason });
    }
    expect(exclusions(files, {}, []).networkManager.ofAll).toBe(reason);
  });

  test.each<readonly [string, Files]>([
    [
      "an empty file with the same name masks the list",
      {
        [vendorPath]: noEthernet,
        "/etc/NetworkManager/conf.d/10-globally-managed-devices.conf": "",
      },
    ],
    [
      "a later list replaces it",
      {
        [vendorPath]: noEthernet,
        "/etc/NetworkManager/conf.d/90-a.conf": "[keyfile]\nunmanaged-devices=none\n",
      },
    ],
    [
      "the list excepts Ethernet",
      { [vendorPath]: "[keyfile]\nunmanaged-devices=*,except:type:ethernet\n" },
    ],
  ])("nothing, if %s", (_, files) => {
    expect(exclusions(files).networkManager).toEqual({ byMac: {}, ofAll: null });
  });

  test("what a second list adds", () => {
    const path = "/etc/NetworkManager/NetworkManager.conf";
    const more = "/etc/NetworkManager/conf.d/20-more.conf";
    const files = {
      [path]: "[keyfile]\nunmanaged-devices=interface-name:ens5\n",
      [more]: "[keyfile]\nunmanaged-devices+=interface-name:ens6\n",
    };
    expect(Object.keys(exclusions(files).networkManager.byMac)).toEqual([mac0, mac1]);
  });

  test("no device that it manages, whatever the files say", () => {
    const links = { ens5: device(100), ens6: device(10) };
    const { networkManager } = exclusions({ [vendorPath]: noEthernet }, links);
    expect(Object.keys(networkManager.byMac)).toEqual([mac1]);
    expect(networkManager.ofAll).toBeNull();
  });

  test("what udev or a command says, but not a device that is only not ready", () => {
    const udev = { ...device(10), udev: { NM_UNMANAGED: "1" } };
    const { byMac } = exclusions({}, { ens5: udev, ens6: device(10, 75) }).networkManager;
    expect(byMac).toEqual({
      [mac0]: "udev's NM_UNMANAGED=1 tells NetworkManager to leave the NIC alone",
      [mac1]: "NetworkManager leaves the NIC alone: nmcli device set managed no",
    });
    const notReady = { ens5: device(10, 2), ens6: device(20) };
    expect(exclusions({}, notReady).networkManager.byMac).toEqual({});
  });
});

describe("networkd leaves alone", () => {
  const path = "/etc/systemd/network/70-cni.network";
  const unmanaged = "[Match]\nName=ens6\n\n[Link]\nUnmanaged=yes\n";
  const reason = `${path} (Unmanaged=yes) tells networkd to leave the NIC alone`;

  test("what a file with Unmanaged=yes matches, if no file of others comes first", () => {
    expect(exclusions({ [path]: unmanaged }).networkd).toEqual({
      byMac: { [mac1]: reason },
      ofAll: null,
    });
    const earlier = { "/usr/lib/systemd/network/20-dhcp.network": "[Match]\nName=ens*\n" };
    expect(exclusions({ [path]: unmanaged, ...earlier }).networkd.byMac).toEqual({});
    const ours = { "/etc/systemd/network/60-ec2nic-06ec2a000001.network": "[Match]\nName=ens6\n" };
    expect(exclusions({ [path]: unmanaged, ...ours }).networkd.byMac).toEqual({ [mac1]: reason });
  });

  test("with a condition that is not evaluated here, what networkd says is unmanaged", () => {
    const files = { [path]: unmanaged.replace("[Match]", "[Match]\nHost=a") };
    expect(exclusions(files, { ens6: networkd("configured") }).networkd.byMac).toEqual({});
    expect(exclusions(files, { ens6: networkd("unmanaged") }).networkd.byMac).toEqual({
      [mac1]: reason,
    });
  });

  test("what udev gives to another program, unless networkd has it", () => {
    const udev = (by: string, state: string): DaemonLinks => ({
      ens5: { ...networkd(state), udev: { ID_NET_MANAGED_BY: by } },
    });
    expect(exclusions({}, udev("org.example", "unmanaged")).networkd.byMac).toEqual({
      [mac0]: "udev's ID_NET_MANAGED_BY=org.example tells networkd to leave the NIC alone",
    });
    expect(exclusions({}, udev("org.example", "configured")).networkd.byMac).toEqual({});
    expect(exclusions({}, udev("io.systemd.Network", "unmanaged")).networkd.byMac).toEqual({});
  });
});
