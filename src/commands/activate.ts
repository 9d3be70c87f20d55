import { requireRootDirectory, requireRootUser } from "../apply/preconditions.ts";
import { defineSubcommand } from "../cli/command.ts";
import { withTarget } from "../host/target.ts";
import { renderResult } from "../output/result.ts";
import { configureNics } from "./configure/configure-nics.ts";
import { loadEnis, noLoadedEnis } from "./configure/load-enis.ts";
import { activateFlags, type ActivateOptions, parseActivateOptions } from "./configure/options.ts";
import { reportActivation } from "./configure/report.ts";

export default defineSubcommand<typeof activateFlags, ActivateOptions>({
  name: "activate",
  summary: "Configure the network of every NIC that IMDS lists.",
  operands: "",
  flags: activateFlags,
  notes: [
    "For each NIC, activate writes one file for the active backend: /etc/netplan/60-ec2nic-MAC.yaml, " +
      "/etc/NetworkManager/system-connections/ec2nic-MAC.nmconnection or " +
      "/etc/systemd/network/60-ec2nic-MAC.network. It writes only files that differ, and activates " +
      "only what it has written. If the machine becomes unreachable, activate restores the old " +
      "configuration, and the exit status is 71.",
    "If the metadata of an ENI is incomplete at --timeout, the next run configures this ENI, and the " +
      "exit status is 75. If it stays incomplete, or contradicts itself, so that waiting does not help, " +
      "the usable part is configured, and the exit status is 65 if nothing of an ENI can be " +
      "configured. An activation that has started is always finished.",
    "NICs listed in /etc/ec2nic/unmanaged (one MAC, name or ENI id per line) are not changed. The " +
      "line no-secondary-defaults in /etc/ec2nic/policy keeps the default routes of all ENIs except " +
      "the primary out of the main table.",
  ],
  examples: [
    "ec2nic activate --dry-run",
    "ec2nic activate --json",
    "ec2nic activate --check",
    "ec2nic fetch --json --output i.json",
    "ec2nic activate --backend netplan --metadata i.json --root /mnt/image",
  ],
  parse: parseActivateOptions,
  run: async (systemHost, options) => {
    const host = withTarget(systemHost, options.root);
    requireRootUser(host, options, "activate");
    await requireRootDirectory(host);
    const loaded = options.offline ? noLoadedEnis : await loadEnis(host, options);
    const applied = await configureNics(host, options, loaded, options.offline ? [] : null);
    return reportActivation(host, options, { command: "activate", loaded, ...applied });
  },
  onFailure: ({ json, "dry-run": dryRun }, error, { elapsedMs }) => {
    const result = { command: "activate", dryRun: dryRun === true, elapsedMs, error };
    return json ? renderResult({ ...result, nics: [], plan: null, imds: null }) : "";
  },
});
