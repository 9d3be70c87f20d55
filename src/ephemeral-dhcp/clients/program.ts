import type { Host } from "../../host/host.ts";
import type { ListWrites } from "./client.ts";

/** How to use a DHCP client that is started for each request, unlike a daemon. */
export interface Program {
  readonly name: "udhcpc" | "dhclient" | "dhcpcd";
  /** The command without the arguments of `buildArgs`; a string says why there is no command. */
  readonly find: (host: FindHost) => Promise<readonly string[] | string>;
  /** If false, timeout(1) must end the program when no server answers. */
  readonly endsWithoutAnswer: boolean;
  /** If true, the program does not end after it has got a lease, so ec2nic ends it. */
  readonly staysWithLease: boolean;
  /** The arguments with which the program requests a lease but does not configure the NIC. */
  readonly buildArgs: (nic: string, seconds: string, noopScript: string) => readonly string[];
  /** Matches the output when a server has granted a lease; the first group is the address. */
  readonly grantedPattern: RegExp;
  readonly listWrites: ListWrites;
}

export type FindHost = Pick<Host, "env" | "exec" | "files">;

/** The time limit for a command that only prints something, such as a version. */
export const findTimeoutMs = 2000;

/**
 * A directory that is never created, so that a file in it can be neither read nor written. dhclient
 * has no option for "no lease file", but continues if it cannot create the file. /dev/null is not
 * an alternative, because dhclient as root would write into a device or through a symbolic link.
 */
export const missingDirectory = "/run/ec2nic/none";

/** Directories that the PATH of an ordinary user often lacks (`su` without `-`). */
const adminDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"] as const;

/** Finds a program in PATH or in an administrator's directory; returns its path, or null. */
export async function findProgram(host: FindHost, name: string): Promise<string | null> {
  const ownDirectories = (host.env["PATH"] ?? "").split(":").filter((each) => each.startsWith("/"));
  const directories = [...new Set([...ownDirectories, ...adminDirectories])];
  const paths = directories.map((directory) => `${directory}/${name}`);
  const stats = await Promise.all(paths.map((path) => host.files.stat(path).catch(() => null)));
  return paths.find((_, at) => ["file", "link"].includes(stats[at]?.kind ?? "")) ?? null;
}
