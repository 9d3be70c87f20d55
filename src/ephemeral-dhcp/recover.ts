import type { Host, Release } from "../host/host.ts";
import { sweepTempFiles } from "./client-files.ts";
import { type LeaseJournal, openJournal } from "./journal.ts";
import { makeJournalDirectory } from "./journal-files.ts";
import { hasJournalFiles } from "./journal-files.ts";
import { journalLockPath } from "./journal-files.ts";
import { undoLease, type UndoHost } from "./undo.ts";

export type JournalHost = UndoHost & Pick<Host, "takeLock">;

export interface LockedJournal {
  readonly journal: LeaseJournal;
  readonly release: Release;
}

/**
 * The book of leases, for this run alone, with nothing in it but what could not be undone; null:
 * another run has it. What a run left that was killed is undone. Throws what stands in the way of
 * making the folder or the lock.
 */
export async function lockAndRecoverJournal(host: JournalHost): Promise<LockedJournal | null> {
  await makeJournalDirectory(host);
  const release = await host.takeLock(journalLockPath);
  if (release === null) return null;
  const journal = await openJournal(host);
  const records = journal.records();
  if (records.length > 0) host.log.info("a run that was killed left leases: giving them back");
  for (const record of records) {
    await sweepTempFiles(host, record.files);
    if (await undoLease(host, record)) await journal.remove(record);
  }
  return { journal, release };
}

/** Gives back what a run left that was killed. Where nothing is left: one look into one folder. */
export async function recoverAbandonedLeases(host: JournalHost & Pick<Host, "uid">): Promise<void> {
  if (host.uid !== 0 || !(await hasJournalFiles(host))) return;
  const locked = await lockAndRecoverJournal(host);
  locked?.release(); // null: its run is still at work
}
