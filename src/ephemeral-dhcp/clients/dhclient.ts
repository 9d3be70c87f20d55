import { findProgram, missingDirectory, type Program } from "./program.ts";

const configFile = `${missingDirectory}/conf`;
const leaseFile = `${missingDirectory}/leases`;

/**
 * Of ISC. It stays in the foreground (`-d`): otherwise it would leave a daemon behind. Without a
 * lease it ends after a minute (`-1`), with one never. A configuration file is not read: it could
 * name another script, and a lease to fall back on. With `-sf true` it does not set the link up.
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
