import { sysctlPath } from "./client.ts";
import {
  type FindHost,
  findProgram,
  findTimeoutMs,
  missingDirectory,
  type Program,
} from "./program.ts";

/** The first version with `--noconfigure`. */
const minVersion = [9, 4] as const;

/** Where dhcpcd writes leases: Debian's directory, the default, and Debian's before version 9. */
const leaseDirectories = ["/var/lib/dhcpcd", "/var/db/dhcpcd", "/var/lib/dhcpcd5"] as const;

/**
 * With `--noconfigure`, dhcpcd adds no address to the NIC. `--test` cannot be used, because 9.4.1
 * crashes after it has printed the lease, and leaves processes. Without a configuration file it
 * writes no DUID file, but still a lease file. Without carrier or answer, it runs on after
 * `--timeout`.
 */
export const dhcpcd: Program = {
  name: "dhcpcd",
  find: async (host) => {
    const path = await findProgram(host, "dhcpcd");
    if (path === null) return "not found";
    if (await isDaemonRunning(host)) return "already runs as a daemon for every NIC";
    const { stdout } = await host.exec([path, "--version"], { timeoutMs: findTimeoutMs });
    const version = /^dhcpcd (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? "";
    if (isSupported(version)) return [path];
    return `version ${version || "unknown"}, but ${minVersion.join(".")} or later is needed`;
  },
  endsWithoutAnswer: false,
  staysWithLease: false,
  buildArgs: (nic, seconds, noopScript) => {
    const once = ["-4", "--oneshot", "--nobackground", "--timeout", seconds];
    const quick = ["--nodelay", "--noarp", "--noipv4ll"];
    const files = ["--config", `${missingDirectory}/conf`, "--script", noopScript];
    return [...once, ...quick, "--noconfigure", ...files, nic];
  },
  grantedPattern: /leased (\S+) for /,
  // dhcpcd sets `promote_secondaries` of every link that it starts with
  listWrites: (nic) => {
    const leaseFiles = leaseDirectories.map((directory) => `${directory}/${nic}.lease`);
    return {
      files: [...leaseFiles, sysctlPath("ipv4", nic, "promote_secondaries")],
      directories: ["/run/dhcpcd", ...leaseDirectories],
    };
  },
};

/** Whether a dhcpcd runs for all NICs. A second one would only pass its command line to the first. */
async function isDaemonRunning({ files }: FindHost): Promise<boolean> {
  const pidFiles = ["/run/dhcpcd/pid", "/run/dhcpcd.pid"].map((path) => files.stat(path));
  return (await Promise.all(pidFiles)).some((stat) => stat !== null);
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > minVersion[0] || (major === minVersion[0] && minor >= minVersion[1]);
}
