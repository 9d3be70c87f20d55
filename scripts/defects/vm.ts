import type { Defect } from "./defect.ts";

/** Defects that only a real kernel, udev, systemd or disk can show. */
export const vmDefects: readonly Defect[] = [
  {
    name: "durability: files are overwritten in place and not synced",
    file: "src/host/files.ts",
    find: "  write: writeAtomically,",
    replacement:
      "  write: async (path, content, mode) => { await writeFile(path, content, { mode }); },",
    tests: ["test/vm/power-cut.test.ts"],
    pattern: "^trixie, networkd",
  },
  {
    name: "bus: a device without a driver is treated as detached",
    file: "src/plan/presence/removal.ts",
    find: 'return { presence: "on-bus", reason };',
    replacement: 'return { presence: other === null ? "gone" : "on-bus", reason };',
    tests: ["test/vm/driver-reload.test.ts"],
    pattern: "^trixie, networkd",
  },
  {
    name: "removal: a detached NIC keeps its files",
    file: "src/plan/presence/removal.ts",
    find: 'return { presence: "gone", reason: `the device ${address} is no longer on its bus` };',
    replacement:
      'return { presence: "unknown", reason: `the device ${address} is no longer on its bus` };',
    tests: ["test/vm/hotplug.test.ts"],
    pattern: "^trixie, networkd",
  },
  {
    name: "udev: the rule matches only an event that systemd ignores",
    file: "src/install/units/hotplug.ts",
    find: "'ACTION==\"add|move\"'",
    replacement: "'ACTION==\"add\"'",
    tests: ["test/vm/hotplug-rules.test.ts"],
    pattern: "^trixie, virtio",
  },
  {
    name: "order: the unit for resolv.conf starts after NetworkManager",
    file: "src/install/units/boot-and-repair.ts",
    find: '["Before", "network-pre.target shutdown.target"]',
    replacement: '["After", "NetworkManager.service"], ["Before", "shutdown.target"]',
    tests: ["test/vm/resolv-conf.test.ts"],
    pattern: "^trixie",
  },
];
