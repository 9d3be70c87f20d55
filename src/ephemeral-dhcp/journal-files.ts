import type { Host } from "../host/host.ts";

export const journalDirectory = "/run/ec2nic/dhcp";

/** Where the notes of the run lie that takes leases. */
export const journalPath = `${journalDirectory}/leases.json`;

/** Held by the run that takes leases; the kernel gives it back when that ends, however it ends. */
export const journalLockPath = `${journalDirectory}/lock`;

/** Whether a run is at work, or was killed: otherwise only the lock lies there, if anything. */
export async function hasJournalFiles(host: Pick<Host, "files">): Promise<boolean> {
  return (await listJournalFiles(host)).length > 0;
}

/** What lies there beside the lock. */
export async function listJournalFiles(host: Pick<Host, "files">): Promise<readonly string[]> {
  const names = await host.files.list(journalDirectory).catch(() => []);
  return names
    .map((name) => `${journalDirectory}/${name}`)
    .filter((each) => each !== journalLockPath);
}

/** Makes the folder for notes and lock. Throws `NOPERM` or `CANTCREAT`. */
export async function makeJournalDirectory(host: Pick<Host, "files">): Promise<void> {
  await host.files.mkdir(journalDirectory, 0o700);
}
