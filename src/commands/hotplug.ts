import { requireRootDirectory } from "../apply/preconditions.ts";
import { defineSubcommand } from "../cli/command.ts";
import { type TargetHost, withTarget } from "../host/target.ts";
import { renderResult } from "../output/result.ts";
import {
  hotplugFlags,
  type HotplugJob,
  type HotplugOptions,
  parseHotplugOptions,
} from "./hotplug/options.ts";
import { getPartialResult } from "./hotplug/partial-result.ts";

type RunJob = (host: TargetHost, options: HotplugOptions) => Promise<number>;

/** Each job is loaded only when it runs, because most udev events need no work and must be fast. */
const loadJob: Readonly<Record<HotplugJob, () => Promise<RunJob>>> = {
  event: async () => (await import("./hotplug/on-event.ts")).handleNicEvent,
  sync: async () => (await import("./hotplug/sync.ts")).syncNics,
  "from-dhcp": async () => (await import("./lease-hook/run.ts")).runLeaseHook,
  install: async () => (await import("../install/install.ts")).runInstall,
  uninstall: async () => (await import("../install/install.ts")).runInstall,
};

export default defineSubcommand<typeof hotplugFlags, HotplugOptions>({
  name: "hotplug",
  summary: "Configure NICs that are added, and clean up after removed ones.",
  operands: "[add|remove|sync]",
  flags: hotplugFlags,
  notes: [
    "add polls IMDS until the NIC is usable, and configures it at once. It then polls until nothing " +
      "has changed for --settle, because IPv6 addresses and prefixes arrive late. If metadata, or the " +
      "NIC given by --nic or --mac, is missing at --timeout, the exit status is 75. After a driver " +
      "reload, add activates the existing configuration again, without requests to IMDS.",
    "remove deletes the files, rules and routing table of each NIC whose device is gone from its bus. " +
      "sync checks and repairs all NICs; a timer runs it.",
    "--install writes the udev rules and systemd units. Without --from-dhcp, it removes existing " +
      "hooks of DHCP clients. --uninstall keeps the configuration of NICs.",
    "If no action is given, udev's environment contains it (ACTION, SUBSYSTEM, DEVPATH, INTERFACE).",
  ],
  examples: [
    "ec2nic hotplug --install",
    "ec2nic hotplug add --nic ens6",
    "ec2nic hotplug add --mac 06:a1:00:00:00:06 --settle 30s --json",
    "ec2nic hotplug remove",
    "ec2nic hotplug sync",
    "ec2nic hotplug --uninstall",
  ],
  parse: parseHotplugOptions,
  run: async (systemHost, options) => {
    const host = withTarget(systemHost, options.root);
    await requireRootDirectory(host);
    return (await loadJob[options.job]())(host, options);
  },
  onFailure: ({ json, "dry-run": dryRun }, report, { elapsedMs, error }) => {
    const result = { command: "hotplug", dryRun: dryRun === true, elapsedMs, error: report };
    return json ? renderResult({ ...result, ...getPartialResult(error) }) : "";
  },
});
