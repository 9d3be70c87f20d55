import type { Host } from "../host/host.ts";
import { type LeaseNote, type LeaseNotes, parseLeaseNotes } from "./lease-notes.ts";
import { leaseLeftovers, leaseNotesPath as path } from "./lease-folder.ts";

/** The notes of this run, on disk before what they tell of is done. One change after the other. */
export interface LeaseBook {
  readonly notes: () => readonly LeaseNote[];
  /** Adds the note, or puts it in the place of the one with its slot. */
  readonly write: (note: LeaseNote) => Promise<void>;
  /** The thing is undone. */
  readonly remove: (note: Pick<LeaseNote, "slot">) => Promise<void>;
}

/**
 * Opens the book with what a run that was killed left in it: for whoever holds the lock. What cannot
 * be understood, as half a file of a write that was cut off, is thrown away.
 */
export async function openLeaseBook(host: Pick<Host, "files">): Promise<LeaseBook> {
  const bytes = await host.files.read(path);
  const text = new TextDecoder().decode(bytes ?? new Uint8Array());
  const found = parseLeaseNotes(text)?.taken ?? [];
  const rest = await leaseLeftovers(host);
  for (const each of rest.filter((each) => each !== path || found.length === 0)) {
    await host.files.remove(each);
  }
  return bookOf(host, found);
}

function bookOf(host: Pick<Host, "files">, first: readonly LeaseNote[]): LeaseBook {
  let notes = first;
  let last: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const then = async (): Promise<void> => {
      if (notes.length === 0) return host.files.remove(path);
      const content: LeaseNotes = { taken: notes };
      return host.files.write(path, `${JSON.stringify(content)}\n`, 0o600);
    };
    const saved = last.then(then);
    last = saved.catch(() => undefined);
    return saved;
  };
  const without = ({ slot }: Pick<LeaseNote, "slot">): readonly LeaseNote[] =>
    notes.filter((note) => note.slot !== slot);
  return {
    notes: () => notes,
    write: (note) => {
      notes = [...without(note), note];
      return save();
    },
    remove: (note) => {
      notes = without(note);
      return save();
    },
  };
}
