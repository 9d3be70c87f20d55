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
  summary: "Configure the network of every NIC that IMDS knows.",
  operands: "",
  flags: activateFlags,
  notes: [
    "One file per NIC, matched by MAC, of the backend in charge: /etc/netplan/60-ec2nic-MAC.yaml, " +
      "/etc/NetworkManager/system-connections/ec2nic-MAC.nmconnection or " +
      "/etc/systemd/network/60-ec2nic-MAC.network. Only what differs is written, and only what " +
      "was written is activated; where the machine would become unreachable, the old " +
      "configuration comes back (71).",
    "What IMDS lists and is not whole by --timeout is left for the next run (75); an activation that " +
      "has begun is finished.",
    "NICs listed in /etc/ec2nic/unmanaged (a MAC, a name or an ENI id a line) are left alone.",
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
