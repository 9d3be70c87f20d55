import { describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { renderInstallation } from "../../../../src/install/units/installation.ts";
import { missingTool, testUnless } from "../../../kit/basics/skip.ts";
import { verifyUnits } from "../../../kit/files/verify-units.ts";

const { files, links } = renderInstallation("/usr/local/bin/ec2nic", null);
const contentOf = (name: string): string =>
  files.find(({ path }) => basename(path) === name)?.content ?? "";

test("renderInstallation returns udev's rules and all units, each with the mark of ec2nic", () => {
  expect(files.map(({ path }) => path)).toEqual([
    "/etc/udev/rules.d/90-ec2nic.rules",
    "/etc/systemd/system/ec2nic-local.service",
    "/etc/systemd/system/ec2nic-network.service",
    "/etc/systemd/system/ec2nic-repair.service",
    "/etc/systemd/system/ec2nic-repair.timer",
    "/etc/systemd/system/ec2nic-hotplug@.service",
    "/etc/systemd/system/ec2nic-hotplug-remove.service",
  ]);
  for (const { content, mode } of files) {
    expect(content.startsWith("# written by ec2nic\n")).toBe(true);
    expect(mode).toBe(0o644);
  }
});

test("renderInstallation adds and enables networkd's path unit with --from-dhcp", () => {
  const clients = { dhclient: null, dhcpcd: null, udhcpc: null, networkManager: null };
  const more = renderInstallation("/usr/bin/ec2nic", { ...clients, hasNetworkd: true });
  expect(more.links.at(-1)).toEqual({
    path: "/etc/systemd/system/paths.target.wants/ec2nic-lease.path",
    target: "../ec2nic-lease.path",
  });
  expect(more.files.slice(files.length).map(({ path }) => basename(path))).toEqual([
    "ec2nic-lease.path",
    "ec2nic-lease.service",
  ]);
});

test("renderInstallation enables the units of the boot with relative links, and no unit of hotplug", () => {
  expect(links).toEqual([
    {
      path: "/etc/systemd/system/multi-user.target.wants/ec2nic-local.service",
      target: "../ec2nic-local.service",
    },
    {
      path: "/etc/systemd/system/multi-user.target.wants/ec2nic-network.service",
      target: "../ec2nic-network.service",
    },
    ...["systemd-networkd", "NetworkManager"].map((daemon) => ({
      path: `/etc/systemd/system/${daemon}.service.wants/ec2nic-network.service`,
      target: "../ec2nic-network.service",
    })),
    {
      path: "/etc/systemd/system/timers.target.wants/ec2nic-repair.timer",
      target: "../ec2nic-repair.timer",
    },
  ]);
});

describe("udev's rules", () => {
  const [, added = "", ...removed] = contentOf("90-ec2nic.rules").trim().split("\n");

  test("start one unit for each event of a NIC with a driver of EC2", () => {
    expect(added).toBe(
      'ACTION=="add|move", SUBSYSTEM=="net", DRIVERS=="ena|ixgbevf|vif|virtio_net", ' +
        'ENV{SYNTH_UUID}=="", TAG+="systemd", ' +
        'ENV{SYSTEMD_WANTS}+="ec2nic-hotplug@$id_$env{SEQNUM}.service"',
    );
  });

  test("start the removal for a removed device and not for a removed link: unloading a driver starts nothing", () => {
    expect(removed).toHaveLength(2);
    for (const rule of removed) {
      expect(rule).toContain('ACTION=="remove"');
      expect(rule).not.toContain('SUBSYSTEM=="net"');
      expect(rule).toContain("--no-block restart ec2nic-hotplug-remove.service");
    }
  });
});

describe.each(["ec2nic-hotplug@.service", "ec2nic-hotplug-remove.service"])("%s", (name) => {
  const lines = contentOf(name).split("\n");

  test("does not delay the boot, has no start limit, and is hardened", () => {
    expect(lines).toContain("Type=exec");
    expect(lines).toContain("StartLimitIntervalSec=0");
    expect(lines).toContain("CollectMode=inactive-or-failed");
    expect(lines).toContain("ConditionVirtualization=|amazon");
    expect(lines).toContain("NoNewPrivileges=yes");
    expect(lines.find((line) => line.startsWith("UnsetEnvironment="))).toContain("BUN_OPTIONS");
    expect(lines.join("\n")).not.toMatch(/MemoryDenyWriteExecute|network-online|WantedBy/);
    expect(lines.join("\n")).toMatch(/^RestrictAddressFamilies=.*AF_NETLINK.*AF_PACKET$/m);
  });
});

test("a restart does not end a removal that runs", () => {
  expect(contentOf("ec2nic-hotplug-remove.service")).toContain("RestartKillSignal=SIGCONT\n");
});

testUnless(missingTool("systemd-analyze"))("systemd-analyze accepts the units", async () => {
  const units = files.filter(({ path }) => path.startsWith("/etc/systemd/"));
  const texts = units.map(({ path, content }) => ({ name: basename(path), content }));
  expect(await verifyUnits(texts)).toEqual({ code: 0, output: [] });
});
