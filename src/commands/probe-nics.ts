import { renderProbeFailure, reportFirst, reportProbe } from "../probe/report.ts";
import { defineSubcommand } from "../cli/command.ts";
import { findFirstNic } from "../probe/find-first.ts";
import { probeAllNics } from "../probe/probe-nics.ts";
import { parseProbeNicsOptions, probeNicsFlags, type ProbeNicsOptions } from "../probe/options.ts";

export default defineSubcommand<typeof probeNicsFlags, ProbeNicsOptions>({
  name: "probe-nics",
  summary: "Show which NICs reach IMDS; of the others why not, and what mends it.",
  operands: "",
  flags: probeNicsFlags,
  notes: [
    "Each NIC is asked by itself, all at once, with a connection that leaves through that NIC and " +
      "no other, from an address of its own: it connects, takes a token and reads the instance's " +
      "id. Nothing is changed on the machine. As root it also sees the firewall.",
    "On a terminal a table; elsewhere, or where it is too narrow, a line for each fact, with the NIC's " +
      "name in front. Programs take --json.",
    "0 if any NIC reaches IMDS, else 69. IMDS over IPv6 is off on EC2 unless it is enabled: that " +
      "it does not answer is no fault where IPv4 does.",
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
