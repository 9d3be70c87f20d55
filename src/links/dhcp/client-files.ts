import type { Host } from "../../host/host.ts";
import type { FileNote, LeaseNote } from "../../net/lease-notes.ts";
import type { DhcpClient } from "./dhcp-client.ts";

type Left = Pick<LeaseNote, "files" | "folders">;

/**
 * Where dhcpcd keeps leases: Debian's place, its own, and that of Debian's before version 9. None of
 * its options keeps it from writing one.
 */
const leaseFolders = ["/var/lib/dhcpcd", "/var/db/dhcpcd", "/var/lib/dhcpcd5"] as const;
const runFolder = "/run/dhcpcd";

/** dhcpcd sets `promote_secondaries` when it starts, whatever it is asked to do. */
const settings = "/proc/sys/net/ipv4/conf";

/** What a client is going to write and to make, as it is before. */
export async function filesBefore(
  host: Pick<Host, "files">,
  { name }: Pick<DhcpClient, "name">,
  nic: string,
): Promise<Left> {
  if (name !== "dhcpcd") return { files: [], folders: [] };
  const folders = [runFolder, ...leaseFolders];
  const found = await Promise.all(folders.map((folder) => host.files.stat(folder)));
  const leases = leaseFolders.map((folder) => `${folder}/${nic}.lease`);
  const paths = [...leases, `${settings}/${nic}/promote_secondaries`];
  return {
    files: await Promise.all(paths.map((path) => fileBefore(host, path))),
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
