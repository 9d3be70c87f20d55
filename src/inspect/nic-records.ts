import type { FileHost } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import { type NicRecord, nicRecordsSchema } from "../model/run-records.ts";
import { readJson } from "./read-json.ts";

export const runDirectory = "/run/ec2nic";

/**
 * Which device each MAC was on. A device without a driver shows no MAC, and nothing else on the
 * machine records it. In /run, because a bus address is valid for one boot: the NICs of a stopped
 * instance may be swapped, and old records would be about other devices.
 */
export const nicRecordsPath = `${runDirectory}/nics.json`;

/**
 * The records of this boot; empty if the file is missing or cannot be parsed. Throws `NOPERM` or
 * `OSERR` if it cannot be read. Records are on the target, as the configuration that they describe.
 */
export async function readNicRecords(target: FileHost): Promise<readonly NicRecord[]> {
  return (await readJson(target, nicRecordsPath, nicRecordsSchema)) ?? [];
}

const othersReadMode = 0o005;

/**
 * The records, if this user may read them. Only root may; a run that only reads (`--dry-run`, or a
 * `remove` that finds nothing) does not need root, and gets none unless `isNeeded`. Throws
 * `NOPERM` if they are.
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
