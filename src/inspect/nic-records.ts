import type { FileHost } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import { type NicRecord, nicRecordsSchema } from "../model/run-records.ts";
import { readJson } from "./read-json.ts";

export const runDirectory = "/run/ec2nic";

/**
 * Records which device had which MAC, because a device without a driver shows no MAC, and nothing
 * else on the machine records it. The file is in /run, because a bus address is valid for one boot:
 * the NICs of a stopped instance may be swapped, and old records would be about other devices.
 */
export const nicRecordsPath = `${runDirectory}/nics.json`;

/**
 * The records of this boot; empty if the file is missing or cannot be parsed. Throws `NOPERM` or
 * `OSERR` if it cannot be read. It is on the target, like the configuration that it describes.
 */
export async function readNicRecords(target: FileHost): Promise<readonly NicRecord[]> {
  return (await readJson(target, nicRecordsPath, nicRecordsSchema)) ?? [];
}

const othersReadMode = 0o005;

/**
 * The records of this boot; none if only root may read them, because a run that changes nothing
 * (`--dry-run`, or a `remove` that finds nothing) needs no root. With `isNeeded`, throws `NOPERM`.
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
