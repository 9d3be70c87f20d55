import type { Host } from "../host/host.ts";
import type { LeaseNote } from "./journal.ts";
import { releaseNetworkd } from "./networkd.ts";
import { isSetting, restoreFile } from "./client-files.ts";
import { type Command, removeAddress, removeWay, setLink, showAddresses } from "./ip-commands.ts";
import { textIn } from "../inspect/links/links.ts";

export type UndoHost = Pick<Host, "clock" | "endProcess" | "exec" | "files" | "log">;

/** Enough for a machine that is busy; nothing here waits for anybody. */
const timeoutMs = 10_000;

/** What `ip`, iproute2's and busybox's, says of what is not there, or not there any more. */
const isGone =
  /No such (?:file|process|device)|Cannot assign requested|not found|does not exist|an't find device|Cannot find device/;

/**
 * Gives back all that a note tells of; what is not there is no trouble, and trouble with one thing
 * keeps no other from being undone. True: nothing is left. Otherwise it has been told what, with the
 * command that removes it.
 */
export async function undoLease(host: UndoHost, note: LeaseNote): Promise<boolean> {
  if (note.client !== null) await host.endProcess(note.client.pid, note.client.startTime);
  const isThere = (await macOf(host, note.nic)) === note.mac;
  const troubles: Trouble[] = [];
  for (const file of note.files.filter((each) => isThere || !isSetting(each))) {
    troubles.push(...(await restore(host, file)));
  }
  if (note.isNetworkd && isThere) await releaseNetworkd(host, note.nic);
  const steps = [
    ...(note.address === null ? [] : removeWay(note)),
    ...(note.address === null || !isThere ? [] : [removeAddress(note)]),
  ];
  for (const step of steps) troubles.push(...(await attempt(host, step)));
  if (isThere && note.wasDown) troubles.push(...(await putDown(host, note)));
  // those that the client did not make, or that somebody uses by now, stay
  for (const folder of note.folders) await attempt(host, ["rmdir", folder]);
  for (const { reason, hint } of troubles) {
    host.log.warn(`${note.nic}: of its temporary lease something is left: ${reason}`, hint);
  }
  return troubles.length === 0;
}

interface Trouble {
  readonly reason: string;
  /** What undoes it by hand. */
  readonly hint: string;
}

async function attempt(host: UndoHost, command: Command): Promise<readonly Trouble[]> {
  const hint = command.join(" ");
  return host.exec(command, { timeoutMs }).then(
    ({ code, stderr }) => {
      if (code === 0 || isGone.test(stderr)) return [];
      return [{ reason: `${hint} ended with ${code}: ${stderr.trim()}`, hint }];
    },
    (error: unknown) => [{ reason: reasonOf(error), hint }],
  );
}

async function restore(
  host: UndoHost,
  file: LeaseNote["files"][number],
): Promise<readonly Trouble[]> {
  return restoreFile(host, file).then(
    () => [],
    (error: unknown) => [{ reason: reasonOf(error), hint: `rm ${file.path}` }],
  );
}

/** Unless somebody has begun to use it: then it is theirs. */
async function putDown(host: UndoHost, { nic }: LeaseNote): Promise<readonly Trouble[]> {
  const shown = await host.exec(showAddresses(nic), { timeoutMs }).catch(() => null);
  if (!shown?.stdout.includes(" inet ")) return attempt(host, setLink(nic, "down"));
  host.log.verbose(`${nic}: was down, and has an address of somebody's now: left up`);
  return [];
}

async function macOf(host: Pick<Host, "files">, nic: string): Promise<string> {
  return (await textIn(host, `/sys/class/net/${nic}/address`)).trim().toLowerCase();
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
