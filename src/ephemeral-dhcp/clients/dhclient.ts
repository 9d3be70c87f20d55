import { findProgram, missingDirectory, type Program } from "./program.ts";

const configFile = `${missingDirectory}/conf`;
const leaseFile = `${missingDirectory}/leases`;

/**
 * ISC dhclient. `-d` keeps it in the foreground, so that it leaves no daemon behind. Without a
 * lease it ends after a minute (`-1`); with a lease it never ends. It reads no configuration file,
 * which could name another script and a fallback lease. With `-sf true` it does not set the link
 * up.
 */
export const dhclient: Program = {
  name: "dhclient",
  find: async (host) => {
    const path = await findProgram(host, "dhclient");
    return path === null ? "not found" : [path];
  },
  endsWithoutAnswer: false,
  staysWithLease: true,
  buildArgs: (nic, _, noopScript) => {
    const files = ["-cf", configFile, "-lf", leaseFile, "--no-pid"];
    return ["-4", "-1", "-d", "-v", ...files, "-sf", noopScript, nic];
  },
  grantedPattern: /bound to (\S+) --/,
  listWrites: () => ({ files: [], directories: [] }),
};
