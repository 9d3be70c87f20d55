import type { Host } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import * as v from "valibot";
import { journalPath, listJournalFiles } from "./journal-files.ts";

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
  const found = (await readJson(host, journalPath, journalSchema))?.taken ?? [];
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

const processSchema = v.object({
  pid: v.number(),
  /** Field 22 of proc_pid_stat(5): the number of an ended process may be given to another one. */
  startTime: v.string(),
});

const fileBackupSchema = v.object({
  path: v.string(),
  /** null: there was no file. */
  previous: v.nullable(v.object({ base64: v.string(), mode: v.number() })),
});

const leaseRecordSchema = v.object({
  nic: v.string(),
  /** A link of another MAC is another NIC, which is left alone. */
  mac: v.string(),
  /** Which of the numbers in `ip-commands.ts` it uses. */
  slot: v.number(),
  wasDown: v.boolean(),
  /** Hosts that are asked through it: IPv4 addresses. */
  endpoints: v.pipe(v.array(v.string()), v.readonly()),
  /** null: none was granted yet. */
  address: v.nullable(v.string()),
  /** The DHCP client; null: not started yet, or ended. */
  client: v.nullable(processSchema),
  /** networkd was asked, and has to be told when the lease is no longer needed. */
  isNetworkd: v.boolean(),
  /** Files and settings that the client writes and has no option not to write. */
  files: v.pipe(v.array(fileBackupSchema), v.readonly()),
  /** Directories that the client makes, as far as they were not there. */
  folders: v.pipe(v.array(v.string()), v.readonly()),
});

const journalSchema = v.object({ taken: v.pipe(v.array(leaseRecordSchema), v.readonly()) });

/**
 * What a run that takes leases writes before each change: where it is found and no run holds the
 * lock, a run was killed, and this is what it left. A reboot removes both.
 */
export type LeaseJournalContent = v.InferOutput<typeof journalSchema>;

/** What is changed, or may be changed by now, for one NIC's lease. */
export type LeaseRecord = Readonly<v.InferOutput<typeof leaseRecordSchema>>;

export type ProcessRecord = Readonly<v.InferOutput<typeof processSchema>>;

export type FileBackup = Readonly<v.InferOutput<typeof fileBackupSchema>>;
