import { renderProbeFailure, reportFirst, reportProbe } from "../probe/report.ts";
import { defineSubcommand } from "../cli/command.ts";
import { findFirstNic } from "../probe/find-first.ts";
import { probeAllNics } from "../probe/probe-nics.ts";
import { parseProbeNicsOptions, probeNicsFlags, type ProbeNicsOptions } from "../probe/options.ts";

export default defineSubcommand<typeof probeNicsFlags, ProbeNicsOptions>({
  name: "probe-nics",
  summary: "Show which NICs reach IMDS, and for the others why not and how to fix it.",
  operands: "",
  flags: probeNicsFlags,
  notes: [
    "Tests all NICs at the same time. For each NIC it opens a connection that can leave only through " +
      "that NIC, from one of its addresses, acquires a token and reads the instance id. It does not " +
      "change the machine. If root runs it, it also reads the firewall.",
    "The output is a table on a terminal that is wide enough, else one fact per line with the NIC's " +
      "name in front. Programs should use --json.",
    "The exit status is 0 if any NIC reaches IMDS, else 69. On EC2, IMDS over IPv6 is disabled by " +
      "default, so no answer over IPv6 is normal if IPv4 works.",
  ],
  examples: [
    "ec2nic probe-nics",
    "ec2nic probe-nics --interface ens6 -v",
    "ec2nic probe-nics --json",
    "ec2nic probe-nics --first --timeout 2m",
  ],
  parse: parseProbeNicsOptions,
  run: async (host, options) => {
    if (options.first) return reportFirst(host, options, await findFirstNic(host, options));
    return reportProbe(host, options, await probeAllNics(host, options));
  },
  onFailure: ({ json }, error, { elapsedMs }) => (json ? renderProbeFailure(error, elapsedMs) : ""),
});
