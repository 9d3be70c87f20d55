import type { Host } from "../host/host.ts";
import { type NicNote, noteSeen, parseNicNotes, type SeenNics } from "../model/nic-records.ts";
import { underRoot } from "../host/target-root.ts";

const folder = "/run/ec2nic";

/**
 * Where it is kept which device a MAC was on: a device without a driver shows no MAC, and nothing
 * else on the machine tells. In /run, since a bus address holds for one boot: while an instance is
 * stopped its NICs may be swapped, and old notes would speak of other devices.
 */
export const nicNotesPath = `${folder}/nics.json`;

/**
 * What was noted in this boot; nothing where the file is missing or cannot be understood. `root`:
 * it lies below that, as the configuration does that it is about.
 */
export async function readNicNotes(
  host: Pick<Host, "files">,
  root = "/",
): Promise<readonly NicNote[]> {
  const bytes = await host.files.read(below(root, nicNotesPath));
  return parseNicNotes(new TextDecoder().decode(bytes ?? new Uint8Array()));
}

/**
 * Notes what is seen, for whoever holds the lock; writes only where something differs. Throws
 * `NOPERM` or `CANTCREAT`.
 */
export async function noteNics(
  host: Pick<Host, "files">,
  seen: SeenNics,
  root = "/",
): Promise<void> {
  const before = await readNicNotes(host, root);
  const notes = noteSeen(before, seen);
  if (JSON.stringify(notes) === JSON.stringify(before)) return;
  await host.files.makeFolder(below(root, folder), 0o700);
  await host.files.write(below(root, nicNotesPath), `${JSON.stringify(notes)}\n`, 0o600);
}

function below(root: string, path: string): string {
  return `${root.replace(/\/+$/, "")}${path}`;
}

const othersMayRead = 0o005;

/**
 * What was noted of the NICs. Our notes are root's alone, and who only looks (`--dry-run`, or a
 * `remove` that finds nothing) needs no root where they are not `needed`: none, then. Throws `NOPERM`
 * where they are.
 */
export async function readableNotes(
  host: Pick<Host, "files" | "uid">,
  root: string,
  needed: boolean,
): Promise<readonly NicNote[]> {
  const folder = nicNotesPath.slice(0, nicNotesPath.lastIndexOf("/"));
  const stat = await host.files.stat(underRoot(root, folder));
  const isOwn = host.uid === 0 || stat?.uid === host.uid;
  const isHidden = stat !== null && (stat.mode & othersMayRead) !== othersMayRead;
  return isHidden && !isOwn && !needed ? [] : readNicNotes(host, root);
}
