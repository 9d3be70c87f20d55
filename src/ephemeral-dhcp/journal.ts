import type { Host } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import * as v from "valibot";
import { journalPath, listJournalFiles } from "./journal-files.ts";

/** The leases of this run. A record is on disk before the change that it describes is made. */
export interface LeaseJournal {
  readonly records: () => readonly LeaseRecord[];
  /** Adds a record, or replaces the one of its slot. */
  readonly write: (record: LeaseRecord) => Promise<void>;
  /** Removes the record of a lease that has been undone. */
  readonly remove: (record: Pick<LeaseRecord, "slot">) => Promise<void>;
}

/**
 * Opens the journal with the records of a killed run. The caller holds its lock. A file with another
 * content is removed, such as a temporary file of a write that was cut short.
 */
export async function openJournal(host: Pick<Host, "files">): Promise<LeaseJournal> {
  const found = (await readJson(host, journalPath, journalSchema))?.leases ?? [];
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
      const content: LeaseJournalContent = { leases: records };
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
  /** A link with another MAC is another NIC, and is not changed. */
  mac: v.string(),
  /** Selects its table and priority (`ip-commands.ts`). */
  slot: v.number(),
  wasDown: v.boolean(),
  /** IPv4 addresses of the hosts that are reached through it. */
  endpoints: v.pipe(v.array(v.string()), v.readonly()),
  /** null: none was granted yet. */
  address: v.nullable(v.string()),
  /** The DHCP client; null: not started yet, or ended. */
  client: v.nullable(processSchema),
  /** networkd is the client, and has to be reloaded when the lease ends. */
  usesNetworkd: v.boolean(),
  /** Files and kernel settings that the client writes, as they were before. */
  files: v.pipe(v.array(fileBackupSchema), v.readonly()),
  /** Directories that the client creates, and that did not exist before. */
  createdDirectories: v.pipe(v.array(v.string()), v.readonly()),
});

const journalSchema = v.object({ leases: v.pipe(v.array(leaseRecordSchema), v.readonly()) });

/** Where it exists and no run holds the lock, a run was killed and left this. A reboot removes it. */
export type LeaseJournalContent = v.InferOutput<typeof journalSchema>;

/** What has been changed, or is about to be changed, for one NIC's lease. */
export type LeaseRecord = Readonly<v.InferOutput<typeof leaseRecordSchema>>;

export type ProcessRecord = Readonly<v.InferOutput<typeof processSchema>>;

export type FileBackup = Readonly<v.InferOutput<typeof fileBackupSchema>>;
