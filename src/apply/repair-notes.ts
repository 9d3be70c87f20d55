import type { FileHost } from "../host/host.ts";
import { runDirectory } from "../inspect/nic-records.ts";
import { readJson } from "../inspect/read-json.ts";
import { type RepairNotes, repairNotesSchema } from "../model/run-records.ts";

export const repairNotesPath = `${runDirectory}/repairs.json`;

/** The notes of this boot; empty if there are none, or if they cannot be read. */
export async function readRepairNotes(host: FileHost): Promise<RepairNotes> {
  const notes = await readJson(host, repairNotesPath, repairNotesSchema).catch(() => null);
  return notes ?? { tried: [], told: [] };
}

/** Writes the notes, if they differ from those that were read. Throws `NOPERM` or `CANTCREAT`. */
export async function saveRepairNotes(
  { files }: FileHost,
  before: RepairNotes,
  notes: RepairNotes,
): Promise<void> {
  if (JSON.stringify(before) === JSON.stringify(notes)) return;
  await files.mkdir(runDirectory, 0o700);
  await files.write(repairNotesPath, `${JSON.stringify(notes)}\n`, 0o600);
}
