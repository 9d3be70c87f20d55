import type { FileHost } from "../host/host.ts";
import { readNicRecords, runDirectory, nicRecordsPath } from "../inspect/nic-records.ts";
import { type NicRecordUpdate, updateRecords } from "../model/run-records.ts";

/**
 * Writes the records of NICs, if the update changes them. The caller must hold the machine's lock.
 * Throws `NOPERM` or `CANTCREAT`.
 */
export async function saveNicRecords(target: FileHost, update: NicRecordUpdate): Promise<void> {
  const before = await readNicRecords(target);
  const records = updateRecords(before, update);
  if (JSON.stringify(records) === JSON.stringify(before)) return;
  await target.files.mkdir(runDirectory, 0o700);
  await target.files.write(nicRecordsPath, `${JSON.stringify(records)}\n`, 0o600);
}
