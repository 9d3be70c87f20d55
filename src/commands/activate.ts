import { applyPlan } from "../apply/apply-plan.ts";
import { renderResult } from "../output/result.ts";
import { planNetwork } from "../plan/plan-network.ts";
import { renderNetplan } from "../render/netplan.ts";
import { type ActivateOptions, activateFlags, parseActivate } from "./activate-options.ts";
import { command } from "./command.ts";
import { gatherFacts } from "./gather-facts.ts";
import { reportActivation } from "./report-activation.ts";

export default command<typeof activateFlags, ActivateOptions>({
  name: "activate",
  summary: "Write the network configuration of every NIC that IMDS knows.",
  operands: "",
  flags: activateFlags,
  notes: [
    "One file per NIC, matched by MAC, mode 0600: /etc/netplan/60-ec2nic-MAC.yaml. A file is " +
      "written only if it differs. NICs listed in /etc/ec2nic/unmanaged (a MAC, a name or an ENI " +
      "id a line) are left alone.",
  ],
  examples: [
    "ec2nic activate --stage local --backend netplan --dry-run",
    "ec2nic activate --stage local --backend netplan --json",
    "ec2nic fetch --json --output i.json",
    "ec2nic activate --stage local --backend netplan --metadata i.json --root /mnt/image",
  ],
  parse: parseActivate,
  run: async (host, options) => {
    const gathered = await gatherFacts(host, options);
    const plan = planNetwork(gathered.facts, { backend: "netplan", render: renderNetplan });
    const applied = options.dryRun
      ? { nics: plan.nics, failure: null }
      : await applyPlan(host, plan, options.root);
    return reportActivation(host, options, gathered, { plan, ...applied });
  },
  onFailure: ({ json, "dry-run": dryRun }, error, elapsedMs) => {
    const nothing = { dryRun: dryRun === true, nics: [], plan: null, imds: null };
    return json ? renderResult({ command: "activate", ...nothing, elapsedMs, error }) : "";
  },
});
