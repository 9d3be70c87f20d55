import type { Host } from "../host/host.ts";
import type { LeaseRecord } from "./journal.ts";
import { type ClientHost, isSysctl } from "./clients/client.ts";
import { releaseNetworkdLease } from "./clients/networkd.ts";
import { describeError } from "../model/text.ts";
import { restoreFile } from "./client-files.ts";
import {
  type Command,
  removeAddress,
  removeEndpointRoutes,
  setLink,
  showAddresses,
} from "./ip-commands.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

/** Long enough for a busy machine: none of these commands waits for anything. */
const timeoutMs = 10_000;

/** Messages of `ip`, iproute2's and busybox's, about an object that does not exist any more. */
const alreadyGonePattern =
  /No such (?:file|process|device)|Cannot assign requested|not found|does not exist|an't find device|Cannot find device/;

/**
 * Undoes every change of a record. An object that is gone is no error, and an error does not stop
 * the rest. True: nothing is left. Otherwise a warning names what is, and the command to remove it.
 */
export async function undoLease(host: ClientHost, record: LeaseRecord): Promise<boolean> {
  if (record.client !== null) await host.endProcess(record.client.pid, record.client.startTime);
  const isSameNic = (await readMac(host, record.nic)) === record.mac;
  const failures: UndoFailure[] = [];
  for (const file of record.files.filter((each) => isSameNic || !isSysctl(each.path))) {
    failures.push(...(await tryRestoreFile(host, file)));
  }
  if (record.usesNetworkd && isSameNic) await releaseNetworkdLease(host, record.nic);
  const steps = [
    ...(record.address === null ? [] : removeEndpointRoutes(record)),
    ...(record.address === null || !isSameNic ? [] : [removeAddress(record)]),
  ];
  for (const step of steps) failures.push(...(await tryCommand(host, step)));
  if (isSameNic && record.wasDown) failures.push(...(await setLinkDown(host, record)));
  // a directory that another program uses meanwhile is not empty, and stays
  for (const each of record.createdDirectories) await tryCommand(host, ["rmdir", each]);
  for (const { reason, hint } of failures) {
    host.log.warn(`${record.nic}: its temporary lease was not fully undone: ${reason}`, hint);
  }
  return failures.length === 0;
}

interface UndoFailure {
  readonly reason: string;
  /** The command that undoes it. */
  readonly hint: string;
}

async function tryCommand(host: ClientHost, command: Command): Promise<readonly UndoFailure[]> {
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
  host: ClientHost,
  file: LeaseRecord["files"][number],
): Promise<readonly UndoFailure[]> {
  return restoreFile(host, file).then(
    () => [],
    (error: unknown) => [{ reason: describeError(error), hint: `rm ${file.path}` }],
  );
}

/** A link that another program has given an address meanwhile stays up. */
async function setLinkDown(
  host: ClientHost,
  { nic }: LeaseRecord,
): Promise<readonly UndoFailure[]> {
  const addresses = await host.exec(showAddresses(nic), { timeoutMs }).catch(() => null);
  if (!addresses?.stdout.includes(" inet ")) return tryCommand(host, setLink(nic, "down"));
  host.log.verbose(`${nic}: was down, and another program has given it an address: left up`);
  return [];
}

async function readMac(host: Pick<Host, "files">, nic: string): Promise<string> {
  return (await readTextOrEmpty(host, `/sys/class/net/${nic}/address`)).trim().toLowerCase();
}
