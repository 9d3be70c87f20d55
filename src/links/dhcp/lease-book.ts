import type { Host } from "../../host/host.ts";
import { type LeaseNote, type LeaseNotes, parseLeaseNotes } from "../../net/lease-notes.ts";

const folder = "/run/ec2nic";
const path = `${folder}/dhcp.json`;

/** Held by the run that takes leases; the kernel gives it back when that ends, however it ends. */
export const leaseLockPath = `${folder}/dhcp.lock`;

/** The notes of this run, on disk before what they tell of is done. One change after the other. */
export interface LeaseBook {
  readonly notes: () => readonly LeaseNote[];
  /** Adds the note, or puts it in the place of the one with its slot. */
  readonly write: (note: LeaseNote) => Promise<void>;
  /** The thing is undone. */
  readonly remove: (note: Pick<LeaseNote, "slot">) => Promise<void>;
}

/** What a run wrote down; null: nothing, or nothing that can be understood. */
export async function readLeaseNotes(host: Pick<Host, "files">): Promise<LeaseNotes | null> {
  const bytes = await host.files.read(path).catch(() => null);
  return bytes === null ? null : parseLeaseNotes(new TextDecoder().decode(bytes));
}

/** The folder for notes and lock. Throws `NOPERM` or `CANTCREAT`. */
export async function makeLeaseFolder(host: Pick<Host, "files">): Promise<void> {
  await host.files.makeFolder(folder, 0o700);
}

export function openLeaseBook(host: Pick<Host, "files">, first: readonly LeaseNote[]): LeaseBook {
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
