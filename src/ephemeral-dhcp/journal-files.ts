import type { Host } from "../host/host.ts";

export const journalDirectory = "/run/ec2nic/dhcp";

/** The records of the run that takes leases (`journal.ts`). */
export const journalPath = `${journalDirectory}/leases.json`;

/** Held by the run that takes leases; the kernel releases it when that process ends. */
export const journalLockPath = `${journalDirectory}/lock`;

/** Whether a run takes leases now, or was killed: otherwise there is at most the lock's file. */
export async function hasJournalFiles(host: Pick<Host, "files">): Promise<boolean> {
  return (await listJournalFiles(host)).length > 0;
}

/** The files beside the lock. */
export async function listJournalFiles(host: Pick<Host, "files">): Promise<readonly string[]> {
  const names = await host.files.list(journalDirectory).catch(() => []);
  return names
    .map((name) => `${journalDirectory}/${name}`)
    .filter((each) => each !== journalLockPath);
}

/** Creates the directory of journal and lock. Throws `NOPERM` or `CANTCREAT`. */
export async function makeJournalDirectory(host: Pick<Host, "files">): Promise<void> {
  await host.files.mkdir(journalDirectory, 0o700);
}
