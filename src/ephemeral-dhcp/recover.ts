import type { Host, Release } from "../host/host.ts";
import { dropHalfWritten } from "./client-files.ts";
import {
  hasLeaseNotes,
  type LeaseBook,
  leaseLockPath,
  makeLeaseFolder,
  openLeaseBook,
} from "./journal.ts";
import { undoLease, type UndoHost } from "./undo.ts";

export type BookHost = UndoHost & Pick<Host, "takeLock">;

export interface HeldBook {
  readonly book: LeaseBook;
  readonly release: Release;
}

/**
 * The book of leases, for this run alone, with nothing in it but what could not be undone; null:
 * another run has it. What a run left that was killed is undone. Throws what stands in the way of
 * making the folder or the lock.
 */
export async function holdBook(host: BookHost): Promise<HeldBook | null> {
  await makeLeaseFolder(host);
  const release = await host.takeLock(leaseLockPath);
  if (release === null) return null;
  const book = await openLeaseBook(host);
  const notes = book.notes();
  if (notes.length > 0) host.log.info("a run that was killed left leases: giving them back");
  for (const note of notes) {
    await dropHalfWritten(host, note.files);
    if (await undoLease(host, note)) await book.remove(note);
  }
  return { book, release };
}

/** Gives back what a run left that was killed. Where nothing is left: one look into one folder. */
export async function dropAbandonedLeases(host: BookHost & Pick<Host, "uid">): Promise<void> {
  if (host.uid !== 0 || !(await hasLeaseNotes(host))) return;
  const held = await holdBook(host);
  held?.release(); // null: its run is still at work
}
