import { underRoot } from "../host/target-root.ts";
import type { Host } from "../host/host.ts";
import { nicNotesPath, readNicNotes } from "./nic-notes.ts";
import type { NicNote } from "../model/nic-records.ts";

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
