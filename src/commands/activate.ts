import { withTarget } from "../host/target.ts";
import { renderResult } from "../output/result.ts";
import { type ActivateOptions, activateFlags, parseActivateOptions } from "./configure/options.ts";
import { loadEnis } from "./configure/load-enis.ts";
import { runExclusively } from "../apply/lock.ts";
import { applyActivation, noLoadedEnis } from "./configure/apply.ts";
import { defineSubcommand } from "../cli/command.ts";
import { collectFacts } from "./configure/collect-facts.ts";
import { planActivation } from "../plan/plan-activation.ts";
import { reportActivation } from "./configure/report.ts";
import { requireRootUser, requireRootDirectory } from "../apply/preconditions.ts";

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
    requireRootUser(systemHost, options, "activate");
    await requireRootDirectory(systemHost, options.root);
    const host = withTarget(systemHost, options.root);
    const loaded = options.offline ? noLoadedEnis : await loadEnis(host, options);
    return runExclusively(host, options, async () => {
      const collected = await collectFacts(host, options, loaded, options.offline ? [] : null);
      const plan = planActivation(collected, options);
      const applied = await applyActivation(host, options, { loaded, collected, plan });
      return reportActivation(host, options, {
        command: "activate",
        loaded,
        collected,
        plan,
        ...applied,
      });
    });
  },
  onFailure: ({ json, "dry-run": dryRun }, error, { elapsedMs }) => {
    const nothing = { nics: [], plan: null, imds: null, differences: null };
    const told = { command: "activate", dryRun: dryRun === true, elapsedMs, error, ...nothing };
    return json ? renderResult(told) : "";
  },
});
