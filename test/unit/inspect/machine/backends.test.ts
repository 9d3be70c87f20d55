import { expect, test } from "bun:test";
import type { ExecResult } from "../../../../src/host/host.ts";
import { openTarget } from "../../../../src/host/target.ts";
import { inspectBackends, readActiveProfiles } from "../../../../src/inspect/machine/backends.ts";
import { fakeMachine } from "../../../kit/host/fake-machine.ts";

const nothing = { isInstalled: false, isEnabled: false, isRunning: false };

/** Inspects a running machine; `units`: what systemctl prints about NetworkManager. */
function inspect(paths: readonly string[], units = "", root = "/") {
  const disk = Object.fromEntries(paths.map((path) => [path, ""]));
  const exec = (argv: string) => ({ stdout: argv.includes("NetworkManager") ? units : "" });
  const machine = fakeMachine({ disk, exec });
  return inspectBackends({ ...machine, target: openTarget(machine, root) });
}

// systemctl(1), show; a unit that is masked or static is not enabled
test.each([
  ["loaded", "enabled", "running", { isInstalled: true, isEnabled: true, isRunning: true }],
  ["loaded", "enabled-runtime", "dead", { isInstalled: true, isEnabled: true, isRunning: false }],
  ["loaded", "disabled", "running", { isInstalled: true, isEnabled: false, isRunning: true }],
  ["loaded", "enabled", "start", { isInstalled: true, isEnabled: true, isRunning: false }],
  ["masked", "masked", "dead", nothing],
  ["not-found", "", "dead", nothing],
])("systemctl prints %s, %s and %s", async (load, file, sub, expected) => {
  const printed = `LoadState=${load}\nUnitFileState=${file}\nSubState=${sub}\n`;
  const facts = await inspect(["/run/systemd/system/x"], printed);
  expect(facts).toMatchObject({
    hasSystemd: true,
    networkManager: expected,
    networkd: nothing,
  });
});

test.each([
  ["no unit", [], nothing],
  [
    "a unit that no target wants",
    ["/usr/lib/systemd/system/NetworkManager.service"],
    { ...nothing, isInstalled: true },
  ],
  [
    "an enabled unit",
    [
      "/lib/systemd/system/NetworkManager.service",
      "/etc/systemd/system/multi-user.target.wants/NetworkManager.service",
    ],
    { isInstalled: true, isEnabled: true, isRunning: false },
  ],
] as const)(
  "without systemd, or in an image, the unit files count: %s",
  async (_, paths, expected) => {
    const running = `LoadState=loaded\nUnitFileState=enabled\nSubState=running\n`;
    const image = ["/run/systemd/system/x", ...paths.map((path) => `/image${path}`)];
    for (const facts of [await inspect(paths, running), await inspect(image, running, "/image")]) {
      expect(facts).toMatchObject({ hasSystemd: false, networkManager: expected });
    }
  },
);

/** Inspects the netplan of an image with these YAML files. */
async function inspectNetplan(disk: Readonly<Record<string, string>>) {
  return (await inspectBackends(fakeMachine({ disk }))).netplan;
}

test("netplan's files are sorted by name, without ours; of two with the same name the later directory's counts", async () => {
  const netplan = await inspectNetplan({
    "/usr/sbin/netplan": "",
    "/usr/lib/netplan/00-vendor.yaml": "",
    "/lib/netplan/50-image.yaml": "network:\n  renderer: NetworkManager\n",
    "/etc/netplan/50-image.yaml": "network:\n  version: 2\n",
    "/etc/netplan/90-other.yaml.bak": "",
    "/etc/netplan/60-ec2nic-06ec2a000000.yaml": "network:\n  renderer: NetworkManager\n",
    "/run/netplan/10-run.yaml": "",
  });
  expect(netplan).toEqual({
    isInstalled: true,
    files: [
      "/usr/lib/netplan/00-vendor.yaml",
      "/run/netplan/10-run.yaml",
      "/etc/netplan/50-image.yaml",
    ],
    renderer: null,
  });
});

test.each([
  ["network:\n  version: 2\n  renderer: NetworkManager\n", "NetworkManager"],
  ['network:\n    "version": 2\n    renderer: "networkd"\n', "networkd"],
  ["network:\n  renderer: sysv\n", null],
  // the renderer of one NIC
  ["network:\n  ethernets:\n    ens5:\n      renderer: NetworkManager\n", null],
  [
    "network:\n  ethernets:\n    ens5:\n      renderer: networkd\n  renderer: NetworkManager\n",
    "NetworkManager",
  ],
  ["", null],
] as const)("the renderer of %j is %p", async (text, renderer) => {
  expect((await inspectNetplan({ "/etc/netplan/a.yaml": text })).renderer).toBe(renderer);
});

test("the renderer of the last file counts", async () => {
  const disk = {
    "/etc/netplan/10.yaml": "network:\n  renderer: networkd\n",
    "/etc/netplan/20.yaml": "network:\n  renderer: NetworkManager\n",
    "/etc/netplan/30.yaml": "network:\n  version: 2\n",
  };
  expect((await inspectNetplan(disk)).renderer).toBe("NetworkManager");
});

test("readActiveProfiles returns the uuid of each link with a profile; nothing where nmcli fails", async () => {
  const uuid = "0d9b1c6e-1111-4222-8333-06ec2a000000";
  const result = { stdout: `ens5:${uuid}\nlo:\neth0\\:1:${uuid}\n` };
  const read = (answer: Partial<ExecResult>) =>
    readActiveProfiles(fakeMachine({ exec: () => answer }));
  expect(await read(result)).toEqual({ ens5: uuid, "eth0:1": uuid });
  expect(await read({ ...result, code: 8 })).toEqual({});
});
