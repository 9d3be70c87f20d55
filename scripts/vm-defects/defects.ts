/** A deliberate defect, which only a real kernel, udev, systemd or disk can show. */
export interface Defect {
  readonly name: string;
  readonly file: string;
  /** The text that is replaced; the file must contain it once. */
  readonly find: string;
  readonly replacement: string;
  /** The scenario (test/vm/SCENARIO.test.ts) that must fail. */
  readonly scenario: string;
  /** Which tests of the scenario are run, as a regular expression for their names. */
  readonly pattern: string;
}

export const defects: readonly Defect[] = [
  {
    name: "durability: files are overwritten in place and not synced",
    file: "src/host/files.ts",
    find: "  write: writeAtomically,",
    replacement:
      "  write: async (path, content, mode) => { await writeFile(path, content, { mode }); },",
    scenario: "power-cut",
    pattern: "^trixie, networkd",
  },
  {
    name: "bus: a device without a driver is treated as detached",
    file: "src/plan/presence/removal.ts",
    find: 'return { presence: "on-bus", reason };',
    replacement: 'return { presence: other === null ? "gone" : "on-bus", reason };',
    scenario: "driver-reload",
    pattern: "^trixie, networkd",
  },
  {
    name: "removal: a detached NIC keeps its files",
    file: "src/plan/presence/removal.ts",
    find: 'return { presence: "gone", reason: `the device ${address} is no longer on its bus` };',
    replacement:
      'return { presence: "unknown", reason: `the device ${address} is no longer on its bus` };',
    scenario: "hotplug",
    pattern: "^trixie, networkd",
  },
  {
    name: "udev: the rule matches only an event that systemd ignores",
    file: "src/install/units/hotplug.ts",
    find: "'ACTION==\"add|move\"'",
    replacement: "'ACTION==\"add\"'",
    scenario: "hotplug-rules",
    pattern: "^trixie, virtio",
  },
  {
    name: "order: the unit for resolv.conf starts after NetworkManager",
    file: "src/install/units/boot-and-repair.ts",
    find: '["Before", "network-pre.target shutdown.target"]',
    replacement: '["After", "NetworkManager.service"], ["Before", "shutdown.target"]',
    scenario: "resolv-conf",
    pattern: "^trixie",
  },
];
