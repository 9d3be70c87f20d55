import type { Host } from "../host/host.ts";
import * as v from "valibot";

/** The notes of this run, on disk before what they tell of is done. One change after the other. */
export interface LeaseJournal {
  readonly records: () => readonly LeaseRecord[];
  /** Adds the note, or puts it in the place of the one with its slot. */
  readonly write: (record: LeaseRecord) => Promise<void>;
  /** The thing is undone. */
  readonly remove: (record: Pick<LeaseRecord, "slot">) => Promise<void>;
}

/**
 * Opens the book with what a run that was killed left in it: for whoever holds the lock. What cannot
 * be understood, as half a file of a write that was cut off, is thrown away.
 */
export async function openJournal(host: Pick<Host, "files">): Promise<LeaseJournal> {
  const bytes = await host.files.read(journalPath);
  const text = new TextDecoder().decode(bytes ?? new Uint8Array());
  const found = parseLeaseJournal(text)?.taken ?? [];
  const leftovers = await listJournalFiles(host);
  for (const each of leftovers.filter((each) => each !== journalPath || found.length === 0)) {
    await host.files.remove(each);
  }
  return createJournal(host, found);
}

function createJournal(
  host: Pick<Host, "files">,
  initialRecords: readonly LeaseRecord[],
): LeaseJournal {
  let records = initialRecords;
  let last: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const writeNow = async (): Promise<void> => {
      if (records.length === 0) return host.files.remove(journalPath);
      const content: LeaseJournalContent = { taken: records };
      return host.files.write(journalPath, `${JSON.stringify(content)}\n`, 0o600);
    };
    const saved = last.then(writeNow);
    last = saved.catch(() => undefined);
    return saved;
  };
  const recordsExcept = ({ slot }: Pick<LeaseRecord, "slot">): readonly LeaseRecord[] =>
    records.filter((record) => record.slot !== slot);
  return {
    records: () => records,
    write: (record) => {
      records = [...recordsExcept(record), record];
      return save();
    },
    remove: (record) => {
      records = recordsExcept(record);
      return save();
    },
  };
}

const journalDirectory = "/run/ec2nic/dhcp";

/** Where the notes of the run lie that takes leases. */
const journalPath = `${journalDirectory}/leases.json`;

/** Held by the run that takes leases; the kernel gives it back when that ends, however it ends. */
export const journalLockPath = `${journalDirectory}/lock`;

/** Whether a run is at work, or was killed: otherwise only the lock lies there, if anything. */
export async function hasJournalFiles(host: Pick<Host, "files">): Promise<boolean> {
  return (await listJournalFiles(host)).length > 0;
}

/** What lies there beside the lock. */
async function listJournalFiles(host: Pick<Host, "files">): Promise<readonly string[]> {
  const names = await host.files.list(journalDirectory).catch(() => []);
  return names
    .map((name) => `${journalDirectory}/${name}`)
    .filter((each) => each !== journalLockPath);
}

/** Makes the folder for notes and lock. Throws `NOPERM` or `CANTCREAT`. */
export async function makeJournalDirectory(host: Pick<Host, "files">): Promise<void> {
  await host.files.mkdir(journalDirectory, 0o700);
}

/**
 * What a run that takes leases puts down before each change: where it is found and nobody holds the
 * lock, a run was killed, and this is what it left. A reboot takes both away.
 */
export interface LeaseJournalContent {
  readonly taken: readonly LeaseRecord[];
}

/** What is changed, or may be by now, for the sake of one NIC's lease. */
export interface LeaseRecord {
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
  readonly client: ProcessRecord | null;
  /** networkd was asked, and has to be told that it is over. */
  readonly isNetworkd: boolean;
  /** Files and settings that the client writes and has no option not to write. */
  readonly files: readonly FileBackup[];
  /** Folders that the client makes, as far as they were not there. */
  readonly folders: readonly string[];
}

export interface ProcessRecord {
  readonly pid: number;
  /** Field 22 of proc_pid_stat(5): a number may mean another process by now. */
  readonly startTime: string;
}

export interface FileBackup {
  readonly path: string;
  /** null: there was none. */
  readonly previous: { readonly base64: string; readonly mode: number } | null;
}

const journalSchema = v.object({
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
function parseLeaseJournal(text: string): LeaseJournalContent | null {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), journalSchema), text);
  return result.success ? result.output : null;
}
