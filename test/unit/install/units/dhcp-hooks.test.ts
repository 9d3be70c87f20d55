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

const title = "# written by ec2nic: routes and rules of a NIC that has a lease";
/** Runs the program for these actions. Of the environment, only the quoted action is used. */
const callFor = (client: string, action: string, events: string): readonly string[] => [
  `case "${action}" in`,
  `${events})`,
  `  [ ! -x /usr/bin/ec2nic ] || EC2NIC_DHCP_CLIENT=${client} EC2NIC_DHCP_ACTION="${action}" /usr/bin/ec2nic hotplug --from-dhcp --quiet >&2 || :`,
  "  ;;",
  "esac",
];
const dhclientEvents = "BOUND|RENEW|REBIND|REBOOT|EXPIRE|FAIL|RELEASE|STOP";
const dhcpcdEvents = "BOUND|RENEW|REBIND|REBOOT|EXPIRE|NAK|RELEASE|STOP|STOPPED";

test.each([
  ["/ec2nic", [title, ...callFor("dhclient", "${reason}", dhclientEvents)]],
  ["/95-ec2nic", [title, ...callFor("dhcpcd", "${reason}", dhcpcdEvents)]],
  [
    "/90-ec2nic",
    ["#!/bin/sh", title, ...callFor("network-manager", "${2}", "up|dhcp4-change|reapply|down")],
  ],
  [
    "/ec2nic.script",
    [
      "#!/bin/sh",
      "# written by ec2nic: for udhcpc -s /etc/udhcpc/ec2nic.script",
      "# the machine's own script first, which gives the NIC its address",
      '/etc/udhcpc/default.script "$@"',
      "status=$?",
      ...callFor("udhcpc", "${1}", "bound|renew|deconfig"),
      "exit $status",
    ],
  ],
])("the hook %s has this text", (name, lines) => {
  const hook = hooks.find(({ path }) => path.endsWith(name));
  expect(hook?.content.split("\n")).toEqual([...lines, ""]);
});

test.each(["ec2nic", "/opt/my programs/ec2nic", "/usr/bin/ec2nic;reboot", "/usr/bin/$x"])(
  "renderDhcpHooks refuses the path %s",
  (path) => {
    const clients = { ...noClient, dhclient: "/etc/dhcp/dhclient-exit-hooks.d" };
    expect(() => renderDhcpHooks(path, clients)).toThrow(RangeError);
  },
);

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
