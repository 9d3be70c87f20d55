import { describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { renderInstallation } from "../../../../src/install/units/installation.ts";
import { missingTool, testUnless } from "../../../kit/basics/skip.ts";
import { verifyUnits } from "../../../kit/files/verify-units.ts";

const { files, links } = renderInstallation("/usr/local/bin/ec2nic", null);
const contentOf = (name: string): string =>
  files.find(({ path }) => basename(path) === name)?.content ?? "";

test("rules, the boot's units, and those of hotplug; each says whose it is", () => {
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

test("with a client's hooks: networkd's is a unit that a boot starts", () => {
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

test("what a boot starts is linked, relative, and nothing of hotplug is", () => {
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

  test("a NIC of one of EC2's drivers starts a unit for this event of it", () => {
    expect(added).toBe(
      'ACTION=="add|move", SUBSYSTEM=="net", DRIVERS=="ena|ixgbevf|vif|virtio_net", ' +
        'ENV{SYNTH_UUID}=="", TAG+="systemd", ' +
        'ENV{SYSTEMD_WANTS}+="ec2nic-hotplug@$id_$env{SEQNUM}.service"',
    );
  });

  test("what starts the removal is a device that goes, not a link: an unload starts nothing", () => {
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

  test("holds up no boot, is not limited in its starts, and is hardened", () => {
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

test("a removal that runs is not ended by the next event", () => {
  expect(contentOf("ec2nic-hotplug-remove.service")).toContain("RestartKillSignal=SIGCONT\n");
});

testUnless(missingTool("systemd-analyze"))("systemd-analyze accepts the units", async () => {
  const units = files.filter(({ path }) => path.startsWith("/etc/systemd/"));
  const texts = units.map(({ path, content }) => ({ name: basename(path), content }));
  expect(await verifyUnits(texts)).toEqual({ code: 0, said: [] });
});
