import type { Host } from "../host/host.ts";
import { readJson } from "../inspect/read-json.ts";
import * as v from "valibot";
import { journalPath, listJournalFiles } from "./journal-files.ts";

/** The leases of this run. Each change of the machine is preceded by its record on disk. */
export interface LeaseJournal {
  readonly records: () => readonly LeaseRecord[];
  /** Adds a record, or replaces the record with the same slot. */
  readonly write: (record: LeaseRecord) => Promise<void>;
  /** Removes the record of a lease that was undone. */
  readonly remove: (record: Pick<LeaseRecord, "slot">) => Promise<void>;
}

/**
 * Opens the journal with the records of a killed run, and removes all other files in its directory,
 * such as the temporary file of an incomplete write. The caller holds the lock.
 */
export async function openJournal(host: Pick<Host, "files">): Promise<LeaseJournal> {
  let records: readonly LeaseRecord[] =
    (await readJson(host, journalPath, journalSchema))?.leases ?? [];
  for (const path of await listJournalFiles(host)) {
    if (path !== journalPath || records.length === 0) await host.files.remove(path);
  }
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
  /** Field 22 of proc_pid_stat(5), because another process can get the pid of an ended one. */
  startTime: v.string(),
});

const fileBackupSchema = v.object({
  path: v.string(),
  /** null if the file did not exist. */
  previous: v.nullable(v.object({ base64: v.string(), mode: v.number() })),
});

const leaseRecordSchema = v.object({
  nic: v.string(),
  /** If the link has another MAC now, it is another NIC, which an undo must not change. */
  mac: v.string(),
  /** From 0. Selects the routing table and the rule priority of the lease (`ip-commands.ts`). */
  slot: v.number(),
  wasDown: v.boolean(),
  /** IPv4 addresses of the hosts that are reached through the NIC. */
  endpoints: v.pipe(v.array(v.string()), v.readonly()),
  /** null if no address was granted yet. */
  address: v.nullable(v.string()),
  /** The process of the DHCP client; null if it was not started yet, or has ended. */
  client: v.nullable(processSchema),
  /** networkd is the client, and must read its files again at the end of the lease. */
  usesNetworkd: v.boolean(),
  /** The previous contents of the files and kernel settings that the client writes. */
  files: v.pipe(v.array(fileBackupSchema), v.readonly()),
  /** Directories that did not exist before the client creates them. */
  createdDirectories: v.pipe(v.array(v.string()), v.readonly()),
});

const journalSchema = v.object({ leases: v.pipe(v.array(leaseRecordSchema), v.readonly()) });

/** If this file exists and no run holds the lock, a run was killed. A reboot removes the file. */
export type LeaseJournalContent = v.InferOutput<typeof journalSchema>;

/** What was changed, or will be changed, for the lease of one NIC. */
export type LeaseRecord = Readonly<v.InferOutput<typeof leaseRecordSchema>>;

export type ProcessRecord = Readonly<v.InferOutput<typeof processSchema>>;

export type FileBackup = Readonly<v.InferOutput<typeof fileBackupSchema>>;
