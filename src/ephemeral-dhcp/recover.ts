import type { Host, Release } from "../host/host.ts";
import { sweepTempFiles } from "./client-files.ts";
import { type LeaseJournal, openJournal } from "./journal.ts";
import { journalDirectory, journalLockPath } from "./journal-files.ts";
import type { ClientHost } from "./clients/client.ts";
import { undoLease } from "./undo.ts";

export type JournalHost = ClientHost & Pick<Host, "takeLock">;

export interface LockedJournal {
  readonly journal: LeaseJournal;
  readonly release: Release;
}

/**
 * Locks the journal for this run, and undoes the leases of a killed run. Only the records of leases
 * that could not be undone stay. Returns null if another run has the lock. Throws `NOPERM`,
 * `CANTCREAT` or `OSERR` if the directory or the lock cannot be created.
 */
export async function lockAndRecoverJournal(host: JournalHost): Promise<LockedJournal | null> {
  await host.files.mkdir(journalDirectory, 0o700);
  const release = await host.takeLock(journalLockPath);
  if (release === null) return null;
  const journal = await openJournal(host);
  const records = journal.records();
  if (records.length > 0) host.log.info("undoing the temporary leases of a run that was killed");
  for (const record of records) {
    await sweepTempFiles(host, record.files);
    if (await undoLease(host, record)) await journal.remove(record);
  }
  return { journal, release };
}
