import type { Defect } from "./defect.ts";

const propagation = "src/eni/propagation";
const commands = "src/commands/hotplug";
const leases = "src/ephemeral-dhcp";

/** Defects of hot-plug, of the check that metadata is complete, and of DHCP leases. */
export const hotplugDefects: readonly Defect[] = [
  {
    name: "hotplug add: a NIC that the admin lists by its name is configured",
    file: `${commands}/add.ts`,
    find: "[mac, name].find((word)",
    replacement: "[mac].find((word)",
    tests: ["test/unit/commands/hotplug/add.test.ts"],
  },
  {
    name: "hotplug add: a run joins a run that has another stage",
    file: `${commands}/add.ts`,
    find: "JSON.stringify([backend, stage, settleMs,",
    replacement: "JSON.stringify([backend, settleMs,",
    tests: ["test/unit/commands/hotplug/poll-joined.test.ts"],
  },
  {
    name: "hotplug sync: the requests of killed runs stay in /run",
    file: `${commands}/sync.ts`,
    find: "if (changesMachine(host, options)) await removeStaleRequests(host);",
    replacement: "",
    tests: ["test/unit/commands/hotplug/poll-joined.test.ts"],
  },
  {
    name: "hotplug add: a NIC whose activation failed is recorded as settled",
    file: `${commands}/watch-loop.ts`,
    find: '["configured", "unchanged"].includes(last.get(mac) ?? "")',
    replacement: "last.has(mac)",
    tests: ["test/unit/commands/hotplug/failed-activation.test.ts"],
  },
  {
    name: "hotplug add: a failed activation is never tried again",
    file: `${commands}/watch-loop.ts`,
    find: "[...store.failedMacs(), ...unreported,",
    replacement: "[...unreported,",
    tests: ["test/unit/commands/hotplug/failed-activation.test.ts"],
  },
  {
    name: "propagation: an address that was removed from an ENI is never dropped",
    file: `${propagation}/observations.ts`,
    find: " && nowMs - retractedSinceMs < confirmAbsenceMs;",
    replacement: ";",
    tests: ["test/unit/commands/hotplug/poll.test.ts"],
    pattern: "values that disappear",
  },
  {
    name: "driver reload: a dry run activates the NIC",
    file: `${commands}/known-nic.ts`,
    find: "if (options.dryRun || steps.length === 0) return null;",
    replacement: "if (steps.length === 0) return null;",
    tests: ["test/unit/commands/hotplug/known-nic.test.ts"],
  },
  {
    name: "completeness: a prefix outside of the ENI's subnet is configured",
    file: "src/eni/completeness.ts",
    find: "const outside = toCover.find(",
    replacement: "const outside = (addresses ?? []).find(",
    tests: ["test/unit/eni/parse-enis.test.ts"],
  },
  {
    name: "removal: another device in the slot is taken for the NIC",
    file: "src/plan/presence/removal.ts",
    find: "if (device.inode !== inode)",
    replacement: "if (device.address !== address)",
    tests: ["test/unit/plan/presence/removal.test.ts"],
  },
  {
    name: "DHCP hook: an old lease that no server has confirmed is used",
    file: "src/plan/lease/parse-hook-event.ts",
    find: 'REBOOT: "bound" } as const;',
    replacement: 'REBOOT: "bound", TIMEOUT: "bound" } as const;',
    tests: ["test/unit/plan/lease/parse-hook-event.test.ts"],
  },
  {
    name: "DHCP hook: it ends with an error where another NIC has an address with /32",
    file: "src/plan/lease/plan.ts",
    find: "each.prefixLength <= 30",
    replacement: "each.prefixLength <= 32",
    tests: ["test/unit/plan/lease/plan.test.ts"],
  },
  {
    name: "DHCP hook: a dry run changes routes and rules",
    file: "src/commands/lease-hook/run.ts",
    find: "if (dryRun || plan.steps.length === 0) return { plan, failure: null };",
    replacement: "if (plan.steps.length === 0) return { plan, failure: null };",
    tests: ["test/unit/commands/lease-hook"],
  },
  {
    name: "temporary lease: an address is added beside that of another program",
    file: `${leases}/take.ts`,
    find: 'if (await hasAddress(host, nic)) return noLease("another program has just given it an address");',
    replacement: "",
    tests: ["test/unit/ephemeral-dhcp/leases.test.ts"],
  },
  {
    name: "temporary lease: it uses the table of a lease that could not be undone",
    file: `${leases}/leases.ts`,
    find: "Math.max(-1, ...locked.journal.records().map(({ slot }) => slot)) + 1",
    replacement: "0",
    tests: ["test/unit/ephemeral-dhcp/recover.test.ts"],
  },
  {
    name: "temporary lease: root runs a program from a relative directory of PATH",
    file: `${leases}/clients/program.ts`,
    find: '.filter((each) => each.startsWith("/"))',
    replacement: "",
    tests: ["test/unit/ephemeral-dhcp/choose-client.test.ts"],
  },
  {
    name: "temporary lease: networkd keeps the profile, and so the address",
    file: `${leases}/clients/networkd.ts`,
    find: "    await host.files.remove(path);\n",
    replacement: "",
    tests: ["test/unit/ephemeral-dhcp/networkd.test.ts"],
  },
];
