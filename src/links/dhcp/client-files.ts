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

/** What a client is going to write and to make, as it is before. */
export async function filesBefore(
  host: Pick<Host, "files">,
  { name }: Pick<DhcpClient, "name">,
  nic: string,
): Promise<Left> {
  if (name !== "dhcpcd") return { files: [], folders: [] };
  const folders = [runFolder, ...leaseFolders];
  const found = await Promise.all(folders.map((folder) => host.files.stat(folder)));
  const paths = leaseFolders.map((folder) => `${folder}/${nic}.lease`);
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

/** Puts the files back as they were. */
export async function restoreFile(
  host: Pick<Host, "files">,
  { path, previous }: FileNote,
): Promise<void> {
  if (previous === null) return host.files.remove(path);
  return host.files.write(path, Buffer.from(previous.base64, "base64"), previous.mode);
}
