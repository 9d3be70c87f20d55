import { openTarget } from "../../../../src/host/target.ts";
import { describe, expect, test } from "bun:test";
import type { DhcpHookFacts } from "../../../../src/model/dhcp.ts";
import { findDhcpHooks } from "../../../../src/install/inspect.ts";
import { renderDhcpHooks } from "../../../../src/install/units/dhcp-hooks.ts";

const noClient: DhcpHookFacts = {
  dhclient: null,
  dhcpcd: null,
  udhcpc: null,
  networkManager: null,
  hasNetworkd: false,
};
const allClients: DhcpHookFacts = {
  dhclient: "/etc/dhcp/dhclient-exit-hooks.d",
  dhcpcd: "/usr/lib/dhcpcd/dhcpcd-hooks",
  udhcpc: "/etc/udhcpc/default.script",
  networkManager: "/etc/NetworkManager/dispatcher.d",
  hasNetworkd: true,
};
const program = "/usr/bin/ec2nic";
const hooks = renderDhcpHooks(program, allClients);

test("each client has a hook, in a file of its own", () => {
  expect(hooks.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
    ["/etc/dhcp/dhclient-exit-hooks.d/ec2nic", "644"],
    ["/usr/lib/dhcpcd/dhcpcd-hooks/95-ec2nic", "644"],
    ["/etc/udhcpc/ec2nic.script", "755"],
    ["/etc/NetworkManager/dispatcher.d/90-ec2nic", "755"],
    ["/etc/systemd/system/ec2nic-lease.path", "644"],
    ["/etc/systemd/system/ec2nic-lease.service", "644"],
  ]);
});

test("renderDhcpHooks returns no file without a client", () => {
  expect(renderDhcpHooks(program, noClient)).toEqual([]);
});

test("the hook of dhclient is this text, byte for byte", () => {
  expect(hooks[0]?.content).toBe(
    [
      "# written by ec2nic: routes and rules of a NIC that has a lease",
      'case "${reason}" in',
      "BOUND|RENEW|REBIND|REBOOT|EXPIRE|FAIL|RELEASE|STOP)",
      '  [ ! -x /usr/bin/ec2nic ] || EC2NIC_DHCP_CLIENT=dhclient EC2NIC_DHCP_ACTION="${reason}" /usr/bin/ec2nic hotplug --from-dhcp --quiet >&2 || :',
      "  ;;",
      "esac",
      "",
    ].join("\n"),
  );
});

describe("a hook runs nothing of the values of client and server", () => {
  const scripts = hooks.filter(({ path }) => !path.startsWith("/etc/systemd"));
  for (const { path, content } of scripts) {
    test(path, () => {
      expect(content.split("\n").slice(0, 2).join("\n")).toContain("# written by ec2nic");
      // of the environment it uses only the client's own values, quoted
      const used = [...content.matchAll(/\$(\{\w+\}|\S)/g)].map(([whole]) => whole);
      const known = ["${reason}", "${1}", "${2}", "$@", "$?", "$s"];
      expect(used.filter((each) => !known.includes(each))).toEqual([]);
      expect(content).not.toMatch(/[^"]\$\{/);
      expect(content).not.toMatch(/eval|`|\$\(/);
    });
  }
});

for (const path of ["ec2nic", "/opt/my programs/ec2nic", "/usr/bin/ec2nic;reboot", "/usr/bin/$x"]) {
  test(`renderDhcpHooks refuses the path ${path}`, () => {
    expect(() => renderDhcpHooks(path, allClients)).toThrow(RangeError);
  });
}

describe("findDhcpHooks", () => {
  const there = (...paths: readonly string[]) => ({
    files: {
      stat: async (path: string) =>
        paths.includes(path)
          ? ({ kind: "directory", mode: 0o755, uid: 0, inode: 1 } as const)
          : null,
    } as never,
  });

  test("finds no client in an empty root", async () => {
    expect(await findDhcpHooks(there())).toEqual(noClient);
  });

  test("finds clients by their paths, also below --root, and prefers /usr/lib to /lib", async () => {
    const host = there(
      "/image/lib/dhcpcd/dhcpcd-hooks",
      "/image/usr/lib/dhcpcd/dhcpcd-hooks",
      "/image/etc/dhcp/dhclient-exit-hooks.d",
      "/image/usr/share/udhcpc/default.script",
      "/image/lib/systemd/system/systemd-networkd.service",
    );
    expect(await findDhcpHooks(openTarget(host, "/image"))).toEqual({
      ...noClient,
      dhclient: "/etc/dhcp/dhclient-exit-hooks.d",
      dhcpcd: "/usr/lib/dhcpcd/dhcpcd-hooks",
      udhcpc: "/usr/share/udhcpc/default.script",
      hasNetworkd: true,
    });
  });
});
