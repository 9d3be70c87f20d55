import type { Host } from "../host/host.ts";

export const journalDirectory = "/run/ec2nic/dhcp";

/** The leases of a run (`journal.ts`). */
export const journalPath = `${journalDirectory}/leases.json`;

/** A run that takes leases holds this lock. The kernel releases the lock when the process ends. */
export const journalLockPath = `${journalDirectory}/lock`;

/** Whether there is a journal, because a run takes leases now or was killed. */
export async function hasJournalFiles(host: Pick<Host, "files">): Promise<boolean> {
  return (await listJournalFiles(host)).length > 0;
}

/** The files in the directory of the journal, without the lock. */
export async function listJournalFiles(host: Pick<Host, "files">): Promise<readonly string[]> {
  const names = await host.files.list(journalDirectory).catch(() => []);
  return names
    .map((name) => `${journalDirectory}/${name}`)
    .filter((each) => each !== journalLockPath);
}
