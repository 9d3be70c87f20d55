import type { Host } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import {
  type NicRecord,
  nicRecordsSchema,
  updateRecords,
  type NicRecordUpdate,
} from "../model/run-records.ts";
import { readJson } from "./read-json.ts";

const runDirectory = "/run/ec2nic";

/**
 * Where it is kept which device a MAC was on: a device without a driver shows no MAC, and nothing
 * else on the machine tells. In /run, since a bus address holds for one boot: while an instance is
 * stopped its NICs may be swapped, and old notes would speak of other devices.
 */
export const nicRecordsPath = `${runDirectory}/nics.json`;

/**
 * What was noted in this boot; nothing where the file is missing or cannot be understood. Records lie
 * on the target, as the configuration does that they are about.
 */
export async function readNicRecords(target: Pick<Host, "files">): Promise<readonly NicRecord[]> {
  return (await readJson(target, nicRecordsPath, nicRecordsSchema)) ?? [];
}

/**
 * Notes what is seen, for whoever holds the lock; writes only where something differs. Throws
 * `NOPERM` or `CANTCREAT`.
 */
export async function saveNicRecords(
  target: Pick<Host, "files">,
  seen: NicRecordUpdate,
): Promise<void> {
  const before = await readNicRecords(target);
  const records = updateRecords(before, seen);
  if (JSON.stringify(records) === JSON.stringify(before)) return;
  await target.files.mkdir(runDirectory, 0o700);
  await target.files.write(nicRecordsPath, `${JSON.stringify(records)}\n`, 0o600);
}

const othersReadMode = 0o005;

/**
 * What was noted of the NICs. Our notes are root's alone, and who only looks (`--dry-run`, or a
 * `remove` that finds nothing) needs no root where they are not `needed`: none, then. Throws `NOPERM`
 * where they are.
 */
export async function readVisibleRecords(
  { uid, target }: Pick<TargetHost, "target" | "uid">,
  isNeeded: boolean,
): Promise<readonly NicRecord[]> {
  const stat = await target.files.stat(runDirectory);
  const isOwn = uid === 0 || stat?.uid === uid;
  const isHidden = stat !== null && (stat.mode & othersReadMode) !== othersReadMode;
  return isHidden && !isOwn && !isNeeded ? [] : readNicRecords(target);
}
