import type { Host } from "../host/host.ts";
import type { FileBackup, LeaseRecord } from "./journal.ts";
import { networkdProfilePath } from "./networkd.ts";
import type { DhcpClient } from "./clients.ts";

type PreviousFiles = Pick<LeaseRecord, "files" | "folders">;

interface ClientWrites {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/**
 * Where dhcpcd keeps leases: Debian's place, its own, and that of Debian's before version 9. None of
 * its options keeps it from writing one.
 */
const leaseDirectories = ["/var/lib/dhcpcd", "/var/db/dhcpcd", "/var/lib/dhcpcd5"] as const;

const sysctlRoot = "/proc/sys/net";

/**
 * What each writes whatever it is told, beside what `askNetworkd` writes itself. Both set
 * `promote_secondaries` when they start with a link; networkd takes router advertisements from the
 * kernel.
 */
const clientWrites: Readonly<Record<string, (nic: string, mac: string) => ClientWrites>> = {
  dhcpcd: (nic) => ({
    files: [
      ...leaseDirectories.map((directory) => `${directory}/${nic}.lease`),
      promoteSecondariesPath(nic),
    ],
    directories: ["/run/dhcpcd", ...leaseDirectories],
  }),
  networkd: (nic, mac) => ({
    files: [
      networkdProfilePath(mac),
      promoteSecondariesPath(nic),
      `${sysctlRoot}/ipv6/conf/${nic}/accept_ra`,
    ],
    directories: ["/run/systemd/network"],
  }),
};

function promoteSecondariesPath(nic: string): string {
  return `${sysctlRoot}/ipv4/conf/${nic}/promote_secondaries`;
}

/** What a client is going to write and to make, as it is before. */
export async function recordPreviousFiles(
  host: Pick<Host, "files">,
  client: DhcpClient["name"] | "networkd",
  { nic, mac }: Pick<LeaseRecord, "nic" | "mac">,
): Promise<PreviousFiles> {
  const { files, directories } = clientWrites[client]?.(nic, mac) ?? { files: [], directories: [] };
  const found = await Promise.all(directories.map((directory) => host.files.stat(directory)));
  return {
    files: await Promise.all(files.map((path) => recordPreviousFile(host, path))),
    folders: directories.filter((_, at) => found[at] === null),
  };
}

async function recordPreviousFile(host: Pick<Host, "files">, path: string): Promise<FileBackup> {
  const [stat, bytes] = await Promise.all([host.files.stat(path), host.files.read(path)]);
  if (stat === null || bytes === null) return { path, previous: null };
  return { path, previous: { base64: Buffer.from(bytes).toString("base64"), mode: stat.mode } };
}

/** Whether it is a setting of the link and not a file: of no use where there is another link now. */
export function isSysctl({ path }: FileBackup): boolean {
  return path.startsWith(`${sysctlRoot}/`);
}

/**
 * Takes away what a run that was killed had begun to write beside these files (`Files.write`); for
 * whoever holds the lock of leases, before anything is written, since nobody else of us writes there.
 */
export async function sweepTempFiles(
  host: Pick<Host, "files">,
  files: readonly FileBackup[],
): Promise<void> {
  const paths = files.filter((file) => !isSysctl(file)).map(({ path }) => path);
  const directories = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  for (const directory of directories) await host.files.removeTemporary(directory, 0);
}

/** Puts a file back as it was. */
export async function restoreFile(host: Pick<Host, "files">, file: FileBackup): Promise<void> {
  const { path, previous } = file;
  if (isSysctl(file)) return host.files.writeInPlace(path, decodePrevious(previous));
  if (previous === null) return host.files.remove(path);
  return host.files.write(path, Buffer.from(previous.base64, "base64"), previous.mode);
}

function decodePrevious(previous: FileBackup["previous"]): string {
  return Buffer.from(previous?.base64 ?? "", "base64").toString();
}
