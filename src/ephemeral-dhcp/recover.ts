import type { Host, Release } from "../host/host.ts";
import { sweepTempFiles } from "./client-files.ts";
import { type LeaseJournal, openJournal } from "./journal.ts";
import { hasJournalFiles, journalLockPath, makeJournalDirectory } from "./journal-files.ts";
import type { ClientHost } from "./clients/client.ts";
import { undoLease } from "./undo.ts";

export type JournalHost = ClientHost & Pick<Host, "takeLock">;

export interface LockedJournal {
  readonly journal: LeaseJournal;
  readonly release: Release;
}

/**
 * Locks the journal for this run, and gives back the leases of a killed run: only records that could
 * not be undone stay. null: another run has the lock. Throws `NOPERM`, `CANTCREAT` or `OSERR` where
 * directory or lock cannot be made.
 */
export async function lockAndRecoverJournal(host: JournalHost): Promise<LockedJournal | null> {
  await makeJournalDirectory(host);
  const release = await host.takeLock(journalLockPath);
  if (release === null) return null;
  const journal = await openJournal(host);
  const records = journal.records();
  if (records.length > 0) host.log.info("a killed run left temporary leases: giving them back");
  for (const record of records) {
    await sweepTempFiles(host, record.files);
    if (await undoLease(host, record)) await journal.remove(record);
  }
  return { journal, release };
}

/** Gives back the leases of a killed run. Without one, this only lists one directory. */
export async function recoverAbandonedLeases(host: JournalHost & Pick<Host, "uid">): Promise<void> {
  if (host.uid !== 0 || !(await hasJournalFiles(host))) return;
  const locked = await lockAndRecoverJournal(host);
  locked?.release(); // null: that run is not killed, and still holds its lock
}
