import type { Host } from "../host/host.ts";
import { isSysctl, type LeaseClient } from "./clients/client.ts";
import type { FileBackup, LeaseRecord } from "./journal.ts";

type FileHost = Pick<Host, "files">;

/** Reads the files that a client will write, and lists the directories that it will create. */
export async function recordPreviousFiles(
  host: FileHost,
  client: Pick<LeaseClient, "listWrites">,
  { nic, mac }: Pick<LeaseRecord, "nic" | "mac">,
): Promise<Pick<LeaseRecord, "files" | "createdDirectories">> {
  const { files, directories } = client.listWrites(nic, mac);
  const found = await Promise.all(directories.map((directory) => host.files.stat(directory)));
  return {
    files: await Promise.all(files.map((path) => recordPreviousFile(host, path))),
    createdDirectories: directories.filter((_, at) => found[at] === null),
  };
}

async function recordPreviousFile(host: FileHost, path: string): Promise<FileBackup> {
  const [stat, bytes] = await Promise.all([host.files.stat(path), host.files.read(path)]);
  if (stat === null || bytes === null) return { path, previous: null };
  return { path, previous: { base64: Buffer.from(bytes).toString("base64"), mode: stat.mode } };
}

/**
 * Removes the temporary files of `Files.write` that a killed run left in the directories of these
 * files. The caller holds the lock of the journal, so no other ec2nic process writes there.
 */
export async function sweepTempFiles(host: FileHost, files: readonly FileBackup[]): Promise<void> {
  const paths = files.map(({ path }) => path).filter((path) => !isSysctl(path));
  const directories = new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/"))));
  for (const directory of directories) await host.files.removeTemporary(directory, 0);
}

/** Restores the previous content of a file, or removes a file that did not exist before. */
export async function restoreFile(
  { files }: FileHost,
  { path, previous }: FileBackup,
): Promise<void> {
  const bytes = Buffer.from(previous?.base64 ?? "", "base64");
  if (isSysctl(path)) return files.writeInPlace(path, bytes.toString());
  return previous === null ? files.remove(path) : files.write(path, bytes, previous.mode);
}
