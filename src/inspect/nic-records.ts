import type { Host } from "../host/host.ts";
import {
  type NicRecord,
  updateRecords,
  parseNicRecords,
  type NicRecordUpdate,
} from "../model/nic-records.ts";
import { underRoot } from "../host/target-root.ts";

const runDirectory = "/run/ec2nic";

/**
 * Where it is kept which device a MAC was on: a device without a driver shows no MAC, and nothing
 * else on the machine tells. In /run, since a bus address holds for one boot: while an instance is
 * stopped its NICs may be swapped, and old notes would speak of other devices.
 */
export const nicRecordsPath = `${runDirectory}/nics.json`;

/**
 * What was noted in this boot; nothing where the file is missing or cannot be understood. `root`:
 * it lies below that, as the configuration does that it is about.
 */
export async function readNicRecords(
  host: Pick<Host, "files">,
  root = "/",
): Promise<readonly NicRecord[]> {
  const bytes = await host.files.read(joinRoot(root, nicRecordsPath));
  return parseNicRecords(new TextDecoder().decode(bytes ?? new Uint8Array()));
}

/**
 * Notes what is seen, for whoever holds the lock; writes only where something differs. Throws
 * `NOPERM` or `CANTCREAT`.
 */
export async function saveNicRecords(
  host: Pick<Host, "files">,
  seen: NicRecordUpdate,
  root = "/",
): Promise<void> {
  const before = await readNicRecords(host, root);
  const records = updateRecords(before, seen);
  if (JSON.stringify(records) === JSON.stringify(before)) return;
  await host.files.mkdir(joinRoot(root, runDirectory), 0o700);
  await host.files.write(joinRoot(root, nicRecordsPath), `${JSON.stringify(records)}\n`, 0o600);
}

function joinRoot(root: string, path: string): string {
  return `${root.replace(/\/+$/, "")}${path}`;
}

const othersReadMode = 0o005;

/**
 * What was noted of the NICs. Our notes are root's alone, and who only looks (`--dry-run`, or a
 * `remove` that finds nothing) needs no root where they are not `needed`: none, then. Throws `NOPERM`
 * where they are.
 */
export async function readVisibleRecords(
  host: Pick<Host, "files" | "uid">,
  root: string,
  isNeeded: boolean,
): Promise<readonly NicRecord[]> {
  const directory = nicRecordsPath.slice(0, nicRecordsPath.lastIndexOf("/"));
  const stat = await host.files.stat(underRoot(root, directory));
  const isOwn = host.uid === 0 || stat?.uid === host.uid;
  const isHidden = stat !== null && (stat.mode & othersReadMode) !== othersReadMode;
  return isHidden && !isOwn && !isNeeded ? [] : readNicRecords(host, root);
}
