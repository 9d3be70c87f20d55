import type { Host } from "../host/host.ts";
import type { FileNote, LeaseNote } from "./journal.ts";
import { networkdPath } from "./networkd.ts";
import type { DhcpClient } from "./clients.ts";

type Left = Pick<LeaseNote, "files" | "folders">;

interface Writes {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Where dhcpcd keeps leases: Debian's place, its own, and that of Debian's before version 9. None of
 * its options keeps it from writing one.
 */
const leaseFolders = ["/var/lib/dhcpcd", "/var/db/dhcpcd", "/var/lib/dhcpcd5"] as const;

const settings = "/proc/sys/net";

/**
 * What each writes whatever it is told, beside what `askNetworkd` writes itself. Both set
 * `promote_secondaries` when they start with a link; networkd takes router advertisements from the
 * kernel.
 */
const writes: Readonly<Record<string, (nic: string, mac: string) => Writes>> = {
  dhcpcd: (nic) => ({
    files: [...leaseFolders.map((folder) => `${folder}/${nic}.lease`), promote(nic)],
    folders: ["/run/dhcpcd", ...leaseFolders],
  }),
  networkd: (nic, mac) => ({
    files: [networkdPath(mac), promote(nic), `${settings}/ipv6/conf/${nic}/accept_ra`],
    folders: ["/run/systemd/network"],
  }),
};

function promote(nic: string): string {
  return `${settings}/ipv4/conf/${nic}/promote_secondaries`;
}

/** What a client is going to write and to make, as it is before. */
export async function filesBefore(
  host: Pick<Host, "files">,
  client: DhcpClient["name"] | "networkd",
  { nic, mac }: Pick<LeaseNote, "nic" | "mac">,
): Promise<Left> {
  const { files, folders } = writes[client]?.(nic, mac) ?? { files: [], folders: [] };
  const found = await Promise.all(folders.map((folder) => host.files.stat(folder)));
  return {
    files: await Promise.all(files.map((path) => fileBefore(host, path))),
    folders: folders.filter((_, at) => found[at] === null),
  };
}

async function fileBefore(host: Pick<Host, "files">, path: string): Promise<FileNote> {
  const [stat, bytes] = await Promise.all([host.files.stat(path), host.files.read(path)]);
  if (stat === null || bytes === null) return { path, previous: null };
  return { path, previous: { base64: Buffer.from(bytes).toString("base64"), mode: stat.mode } };
}

/** Whether it is a setting of the link and not a file: of no use where there is another link now. */
export function isSetting({ path }: FileNote): boolean {
  return path.startsWith(`${settings}/`);
}

/**
 * Takes away what a run that was killed had begun to write beside these files (`Files.write`); for
 * whoever holds the lock of leases, before anything is written, since nobody else of us writes there.
 */
export async function dropHalfWritten(
  host: Pick<Host, "files">,
  files: readonly FileNote[],
): Promise<void> {
  const paths = files.filter((file) => !isSetting(file)).map(({ path }) => path);
  const folders = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  for (const folder of folders) await host.files.sweep(folder, 0);
}

/** Puts a file back as it was. */
export async function restoreFile(host: Pick<Host, "files">, file: FileNote): Promise<void> {
  const { path, previous } = file;
  if (isSetting(file)) return host.files.set(path, textOf(previous));
  if (previous === null) return host.files.remove(path);
  return host.files.write(path, Buffer.from(previous.base64, "base64"), previous.mode);
}

function textOf(previous: FileNote["previous"]): string {
  return Buffer.from(previous?.base64 ?? "", "base64").toString();
}
