import type { Host } from "../host/host.ts";
import * as v from "valibot";

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
  const bytes = await host.files.read(leaseNotesPath);
  const text = new TextDecoder().decode(bytes ?? new Uint8Array());
  const found = parseLeaseNotes(text)?.taken ?? [];
  const rest = await leaseLeftovers(host);
  for (const each of rest.filter((each) => each !== leaseNotesPath || found.length === 0)) {
    await host.files.remove(each);
  }
  return bookOf(host, found);
}

function bookOf(host: Pick<Host, "files">, first: readonly LeaseNote[]): LeaseBook {
  let notes = first;
  let last: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const then = async (): Promise<void> => {
      if (notes.length === 0) return host.files.remove(leaseNotesPath);
      const content: LeaseNotes = { taken: notes };
      return host.files.write(leaseNotesPath, `${JSON.stringify(content)}\n`, 0o600);
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

const folder = "/run/ec2nic/dhcp";

/** Where the notes of the run lie that takes leases. */
const leaseNotesPath = `${folder}/leases.json`;

/** Held by the run that takes leases; the kernel gives it back when that ends, however it ends. */
export const leaseLockPath = `${folder}/lock`;

/** Whether a run is at work, or was killed: otherwise only the lock lies there, if anything. */
export async function hasLeaseNotes(host: Pick<Host, "files">): Promise<boolean> {
  return (await leaseLeftovers(host)).length > 0;
}

/** What lies there beside the lock. */
async function leaseLeftovers(host: Pick<Host, "files">): Promise<readonly string[]> {
  const names = await host.files.list(folder).catch(() => []);
  return names.map((name) => `${folder}/${name}`).filter((each) => each !== leaseLockPath);
}

/** Makes the folder for notes and lock. Throws `NOPERM` or `CANTCREAT`. */
export async function makeLeaseFolder(host: Pick<Host, "files">): Promise<void> {
  await host.files.makeFolder(folder, 0o700);
}

/**
 * What a run that takes leases puts down before each change: where it is found and nobody holds the
 * lock, a run was killed, and this is what it left. A reboot takes both away.
 */
export interface LeaseNotes {
  readonly taken: readonly LeaseNote[];
}

/** What is changed, or may be by now, for the sake of one NIC's lease. */
export interface LeaseNote {
  readonly nic: string;
  /** A link of another MAC is another NIC, which is left alone. */
  readonly mac: string;
  /** Its numbers: see `lease-numbers.ts`. */
  readonly slot: number;
  readonly wasDown: boolean;
  /** Hosts that are asked through it: IPv4 addresses. */
  readonly endpoints: readonly string[];
  /** null: none was granted yet. */
  readonly address: string | null;
  /** The DHCP client; null: not started yet, or ended. */
  readonly client: ProcessNote | null;
  /** networkd was asked, and has to be told that it is over. */
  readonly isNetworkd: boolean;
  /** Files and settings that the client writes and has no option not to write. */
  readonly files: readonly FileNote[];
  /** Folders that the client makes, as far as they were not there. */
  readonly folders: readonly string[];
}

export interface ProcessNote {
  readonly pid: number;
  /** Field 22 of proc_pid_stat(5): a number may mean another process by now. */
  readonly startTime: string;
}

export interface FileNote {
  readonly path: string;
  /** null: there was none. */
  readonly previous: { readonly base64: string; readonly mode: number } | null;
}

const schema = v.object({
  taken: v.array(
    v.object({
      nic: v.string(),
      mac: v.string(),
      slot: v.number(),
      wasDown: v.boolean(),
      endpoints: v.array(v.string()),
      address: v.nullable(v.string()),
      client: v.nullable(v.object({ pid: v.number(), startTime: v.string() })),
      isNetworkd: v.boolean(),
      files: v.array(
        v.object({
          path: v.string(),
          previous: v.nullable(v.object({ base64: v.string(), mode: v.number() })),
        }),
      ),
      folders: v.array(v.string()),
    }),
  ),
});

/** null: these are no notes of ours. */
function parseLeaseNotes(text: string): LeaseNotes | null {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  return result.success ? result.output : null;
}
