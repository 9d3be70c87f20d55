import type { Host } from "../../host/host.ts";
import type { ListWrites } from "./client.ts";

/** A DHCP client that is a program of its own: one file beside this one describes each. */
export interface Program {
  readonly name: "udhcpc" | "dhclient" | "dhcpcd";
  /** Its argv without arguments; a string says why it cannot be used. */
  readonly find: (host: FindHost) => Promise<readonly string[] | string>;
  /** false: where no server answers, timeout(1) has to end it. */
  readonly endsWithoutAnswer: boolean;
  /** true: it keeps running to renew its lease, and is ended as soon as it has one. */
  readonly staysWithLease: boolean;
  /** The arguments with which it requests a lease on a NIC and configures nothing. */
  readonly buildArgs: (nic: string, seconds: string, noopScript: string) => readonly string[];
  /** Its message about a lease; the first group is the address. */
  readonly grantedPattern: RegExp;
  readonly listWrites: ListWrites;
}

export type FindHost = Pick<Host, "env" | "exec" | "files">;

/** Such a command only prints something about its own program. */
export const findTimeoutMs = 2000;

/**
 * A directory that is never created: a file in it can be neither read nor written. dhclient has no
 * option for "no lease file" and continues when it cannot create one; as root it would write through
 * a symbolic link or into a device.
 */
export const missingDirectory = "/run/ec2nic/none";

/** Of administrators' programs, which an ordinary user's PATH may lack (`su` without `-`). */
const adminDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"] as const;

/** The path of a program, in PATH or an administrator's directory; null: there is none. */
export async function findProgram(host: FindHost, name: string): Promise<string | null> {
  const ownDirectories = (host.env["PATH"] ?? "").split(":").filter((each) => each.startsWith("/"));
  const directories = [...new Set([...ownDirectories, ...adminDirectories])];
  const paths = directories.map((directory) => `${directory}/${name}`);
  const stats = await Promise.all(paths.map((path) => host.files.stat(path).catch(() => null)));
  return paths.find((_, at) => ["file", "link"].includes(stats[at]?.kind ?? "")) ?? null;
}
