import { renderProbeFailure, reportFirst, reportProbe } from "../probe/report.ts";
import { defineSubcommand } from "../cli/command.ts";
import { findFirstNic } from "../probe/find-first.ts";
import { probeAllNics } from "../probe/probe-nics.ts";
import { parseProbeNicsOptions, probeNicsFlags, type ProbeNicsOptions } from "../probe/options.ts";

export default defineSubcommand<typeof probeNicsFlags, ProbeNicsOptions>({
  name: "probe-nics",
  summary: "Show which NICs reach IMDS, and how to fix the others.",
  operands: "",
  flags: probeNicsFlags,
  notes: [
    "All NICs are probed at the same time, each with a connection that leaves through that NIC only, " +
      "from an address of that NIC: it connects, requests a token and reads the instance's id. " +
      "Nothing is changed on the machine. As root, the firewall is also read.",
    "On a terminal, the output is a table. Elsewhere, or if the terminal is too narrow, it is one " +
      "line per fact, which begins with the NIC's name. For programs, use --json.",
    "Exits with 0 if any NIC reaches IMDS, else with 69. On EC2, IMDS over IPv6 is off unless it is " +
      "enabled: it is no problem if only IPv4 answers.",
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
