/** Something that only a real kernel, udev, systemd or disk shows, built in on purpose. */
export interface Defect {
  readonly name: string;
  readonly file: string;
  /** Stands there once, and is replaced. */
  readonly find: string;
  readonly put: string;
  /** The scenario that must fail, and which of its tests. */
  readonly scenario: string;
  readonly pattern: string;
}

export const defects: readonly Defect[] = [
  {
    name: "durability: files are written in their place, and not synced",
    file: "src/host/files.ts",
    find: "  write: writeWhole,",
    put: "  write: async (path, content, mode) => { await writeFile(path, content, { mode }); },",
    scenario: "power-cut",
    pattern: "^trixie, networkd",
  },
  {
    name: "the bus: a device without a driver counts as detached",
    file: "src/plan/presence/removal.ts",
    find: 'return { verdict: "on-bus", why };',
    put: 'return { verdict: other === null ? "gone" : "on-bus", why };',
    scenario: "driver-reload",
    pattern: "^trixie, networkd",
  },
  {
    name: "what goes: a NIC that was pulled out keeps its files",
    file: "src/plan/presence/removal.ts",
    find: 'return { verdict: "gone", why: `${address} left the bus` };',
    put: 'return { verdict: "unknown", why: `${address} left the bus` };',
    scenario: "hotplug",
    pattern: "^trixie, networkd",
  },
  {
    name: "udev: the rule waits for the event that PID 1 does not look at",
    file: "src/install/units/hotplug.ts",
    find: "'ACTION==\"add|move\"'",
    put: "'ACTION==\"add\"'",
    scenario: "hotplug-rules",
    pattern: "^trixie, virtio",
  },
  {
    name: "order: NetworkManager is told of resolv.conf when it has started",
    file: "src/install/units/boot.ts",
    find: '["Before", "network-pre.target shutdown.target"]',
    put: '["After", "NetworkManager.service"], ["Before", "shutdown.target"]',
    scenario: "resolv-conf",
    pattern: "^trixie",
  },
];
