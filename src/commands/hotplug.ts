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

/** Each job is loaded only when needed: most udev events must cost next to nothing. */
const loadJob: Readonly<Record<HotplugJob, () => Promise<RunJob>>> = {
  event: async () => (await import("./hotplug/on-event.ts")).handleNicEvent,
  sync: async () => (await import("./hotplug/sync.ts")).syncNics,
  "from-dhcp": async () => (await import("./lease-hook/run.ts")).runLeaseHook,
  install: async () => (await import("../install/install.ts")).runInstall,
  uninstall: async () => (await import("../install/install.ts")).runInstall,
};

export default defineSubcommand<typeof hotplugFlags, HotplugOptions>({
  name: "hotplug",
  summary: "Configure NICs that come, and clean up after those that go.",
  operands: "[add|remove|sync]",
  flags: hotplugFlags,
  notes: [
    "add: asks IMDS until the NIC can be used, configures it alone at that moment, and watches on " +
      "until nothing has changed for --settle: IPv6 and prefixes come late. What is not there " +
      "within --timeout: 75, the NIC itself included where --nic or --mac names it. A NIC whose " +
      "driver was reloaded never left its bus: nothing is asked, and its configuration comes back.",
    "remove: the kernel decides. A device that is still on its bus keeps everything; of one that " +
      "is gone, files, rules and table go. sync: everything at once, for a timer.",
    "--install: the binary brings all that it takes. The flags say what is wanted: without " +
      "--from-dhcp the hooks of DHCP clients go. --uninstall leaves the NICs' configuration alone.",
    "Without an action, udev's environment tells (ACTION, SUBSYSTEM, DEVPATH, INTERFACE).",
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
