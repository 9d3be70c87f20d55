import { renderResult } from "../output/result.ts";
import { type ActivateOptions, activateFlags, parseActivate } from "./configure/options.ts";
import { askForEnis } from "./configure/load-enis.ts";
import { alone } from "../apply/lock.ts";
import { carryOut, unasked } from "./configure/apply.ts";
import { command } from "../cli/command.ts";
import { gatherFacts } from "./configure/collect-facts.ts";
import { planActivation } from "../plan/plan-activation.ts";
import { reportActivation } from "./configure/report.ts";
import { requireRights, requireRoot } from "../apply/preconditions.ts";

export default command<typeof activateFlags, ActivateOptions>({
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
  parse: parseActivate,
  run: async (host, options) => {
    requireRights(host, options, "activate");
    await requireRoot(host, options.root);
    const asked = options.offline ? unasked : await askForEnis(host, options);
    return alone(host, options, async () => {
      const gathered = await gatherFacts(host, options, asked, options.offline ? [] : null);
      const plan = planActivation(gathered, options);
      const applied = await carryOut(host, options, { asked, gathered, plan });
      return reportActivation(host, options, {
        command: "activate",
        asked,
        gathered,
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
