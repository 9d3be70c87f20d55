import type { Host } from "../host/host.ts";
import type { FileBackup, LeaseRecord } from "./journal.ts";
import { type ClientHost, isSysctl } from "./clients/client.ts";
import { releaseNetworkdLease } from "./clients/networkd.ts";
import { errorMessage } from "../exit.ts";
import { restoreFile } from "./client-files.ts";
import {
  type Command,
  removeAddress,
  removeEndpointRoutes,
  setLink,
  showAddresses,
} from "./ip-commands.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

/** These commands take milliseconds; the limit is for a busy machine. */
const timeoutMs = 10_000;

/** Messages of `ip`, from iproute2 or busybox, about an object that does not exist any more. */
const alreadyGonePattern =
  /No such (?:file|process|device)|Cannot assign requested|not found|does not exist|an't find device|Cannot find device/;

/**
 * Undoes every change of a record. An object that is gone is not an error, and after an error the
 * rest is still undone. Returns true if all is undone. Else a warning says what failed, with the
 * command to undo it.
 */
export async function undoLease(host: ClientHost, record: LeaseRecord): Promise<boolean> {
  if (record.client !== null) await host.endProcess(record.client.pid, record.client.startTime);
  const isSameNic = (await readMac(host, record.nic)) === record.mac;
  const failures: UndoFailure[] = [];
  for (const file of record.files.filter((each) => isSameNic || !isSysctl(each.path))) {
    failures.push(...(await tryRestoreFile(host, file)));
  }
  if (record.usesNetworkd && isSameNic) await releaseNetworkdLease(host, record.nic);
  const removals = [...removeEndpointRoutes(record), ...(isSameNic ? [removeAddress(record)] : [])];
  for (const command of record.address === null ? [] : removals) {
    failures.push(...(await tryCommand(host, command)));
  }
  if (isSameNic && record.wasDown) failures.push(...(await setLinkDown(host, record.nic)));
  // rmdir does not remove a directory that another program has used meanwhile
  for (const each of record.createdDirectories) await tryCommand(host, ["rmdir", each]);
  for (const { reason, hint } of failures) {
    host.log.warn(`${record.nic}: the temporary lease was not fully undone: ${reason}`, hint);
  }
  return failures.length === 0;
}

interface UndoFailure {
  readonly reason: string;
  /** The command that undoes the change. */
  readonly hint: string;
}

async function tryCommand(host: ClientHost, command: Command): Promise<readonly UndoFailure[]> {
  const hint = command.join(" ");
  return host.exec(command, { timeoutMs }).then(
    ({ code, stderr }) => {
      if (code === 0 || alreadyGonePattern.test(stderr)) return [];
      return [{ reason: `${hint} ended with ${code}: ${stderr.trim()}`, hint }];
    },
    (error: unknown) => [{ reason: errorMessage(error), hint }],
  );
}

async function tryRestoreFile(host: ClientHost, file: FileBackup): Promise<readonly UndoFailure[]> {
  return restoreFile(host, file).then(
    () => [],
    (error: unknown) => [{ reason: errorMessage(error), hint: `rm ${file.path}` }],
  );
}

/** Sets the link down, unless another program has added an address meanwhile. */
async function setLinkDown(host: ClientHost, nic: string): Promise<readonly UndoFailure[]> {
  const addresses = await host.exec(showAddresses(nic), { timeoutMs }).catch(() => null);
  if (!addresses?.stdout.includes(" inet ")) return tryCommand(host, setLink(nic, "down"));
  host.log.verbose(`${nic}: stays up, because another program has given it an address`);
  return [];
}

async function readMac(host: Pick<Host, "files">, nic: string): Promise<string> {
  return (await readTextOrEmpty(host, `/sys/class/net/${nic}/address`)).trim();
}
