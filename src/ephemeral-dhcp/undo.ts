import type { Host } from "../host/host.ts";
import type { LeaseRecord } from "./journal.ts";
import { releaseNetworkdLease } from "./networkd.ts";
import { isSysctl, restoreFile } from "./client-files.ts";
import {
  type Command,
  removeAddress,
  removeEndpointRoutes,
  setLink,
  showAddresses,
} from "./ip-commands.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

export type UndoHost = Pick<Host, "clock" | "endProcess" | "exec" | "files" | "log">;

/** Enough for a machine that is busy; nothing here waits for anybody. */
const timeoutMs = 10_000;

/** What `ip`, iproute2's and busybox's, says of what is not there, or not there any more. */
const alreadyGonePattern =
  /No such (?:file|process|device)|Cannot assign requested|not found|does not exist|an't find device|Cannot find device/;

/**
 * Gives back all that a note tells of; what is not there is no trouble, and trouble with one thing
 * keeps no other from being undone. True: nothing is left. Otherwise it has been told what, with the
 * command that removes it.
 */
export async function undoLease(host: UndoHost, record: LeaseRecord): Promise<boolean> {
  if (record.client !== null) await host.endProcess(record.client.pid, record.client.startTime);
  const isSameNic = (await readMac(host, record.nic)) === record.mac;
  const failures: UndoFailure[] = [];
  for (const file of record.files.filter((each) => isSameNic || !isSysctl(each))) {
    failures.push(...(await tryRestoreFile(host, file)));
  }
  if (record.isNetworkd && isSameNic) await releaseNetworkdLease(host, record.nic);
  const steps = [
    ...(record.address === null ? [] : removeEndpointRoutes(record)),
    ...(record.address === null || !isSameNic ? [] : [removeAddress(record)]),
  ];
  for (const step of steps) failures.push(...(await tryCommand(host, step)));
  if (isSameNic && record.wasDown) failures.push(...(await setLinkDown(host, record)));
  // those that the client did not make, or that somebody uses by now, stay
  for (const folder of record.folders) await tryCommand(host, ["rmdir", folder]);
  for (const { reason, hint } of failures) {
    host.log.warn(`${record.nic}: of its temporary lease something is left: ${reason}`, hint);
  }
  return failures.length === 0;
}

interface UndoFailure {
  readonly reason: string;
  /** What undoes it by hand. */
  readonly hint: string;
}

async function tryCommand(host: UndoHost, command: Command): Promise<readonly UndoFailure[]> {
  const hint = command.join(" ");
  return host.exec(command, { timeoutMs }).then(
    ({ code, stderr }) => {
      if (code === 0 || alreadyGonePattern.test(stderr)) return [];
      return [{ reason: `${hint} ended with ${code}: ${stderr.trim()}`, hint }];
    },
    (error: unknown) => [{ reason: describeError(error), hint }],
  );
}

async function tryRestoreFile(
  host: UndoHost,
  file: LeaseRecord["files"][number],
): Promise<readonly UndoFailure[]> {
  return restoreFile(host, file).then(
    () => [],
    (error: unknown) => [{ reason: describeError(error), hint: `rm ${file.path}` }],
  );
}

/** Unless somebody has begun to use it: then it is theirs. */
async function setLinkDown(host: UndoHost, { nic }: LeaseRecord): Promise<readonly UndoFailure[]> {
  const addresses = await host.exec(showAddresses(nic), { timeoutMs }).catch(() => null);
  if (!addresses?.stdout.includes(" inet ")) return tryCommand(host, setLink(nic, "down"));
  host.log.verbose(`${nic}: was down, and has an address of somebody's now: left up`);
  return [];
}

async function readMac(host: Pick<Host, "files">, nic: string): Promise<string> {
  return (await readTextOrEmpty(host, `/sys/class/net/${nic}/address`)).trim().toLowerCase();
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
