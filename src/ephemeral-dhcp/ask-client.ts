import type { Host } from "../host/host.ts";
import type { ProcessNote } from "./lease-notes.ts";
import { clientArgv, type DhcpClient, grantedAddress } from "./dhcp-client.ts";
import { textIn } from "../inspect/links/text-in.ts";

type AskHost = Pick<Host, "endProcess" | "exec" | "files" | "log">;

export interface Question {
  readonly client: DhcpClient;
  readonly nic: string;
  /** After which it gives up. */
  readonly seconds: number;
  /** Ends the client. */
  readonly signal: AbortSignal;
  /** Told who it is, so that another run can end it. */
  readonly onStart: (client: ProcessNote) => Promise<void>;
}

/** A client has so long to end after its time. */
const spareMs = 500;

/** Asks for an address, and returns when the client has ended; null: none was granted. */
export async function askClient(host: AskHost, question: Question): Promise<string | null> {
  const { client, nic, seconds, signal, onStart } = question;
  const enough = new AbortController();
  const late = AbortSignal.timeout(seconds * 1000 + spareMs);
  const stop = AbortSignal.any([signal, enough.signal, late]);
  let said = "";
  let ended: Promise<void> = Promise.resolve();
  const argv = clientArgv(client, nic, seconds);
  host.log.verbose(`${nic}: asks for a lease: ${argv.join(" ")}`);
  const { code } = await host.exec(argv, {
    env: { LC_ALL: "C" },
    signal: stop,
    onStart: (pid) => {
      ended = noteAndEnd(host, pid, { stop, onStart });
    },
    onText: (text) => {
      said += text;
      // it stays to renew; the others end by themselves, and are let to
      const stays = client.name === "dhclient";
      if (stays && grantedAddress(client.name, said) !== null) enough.abort();
    },
  });
  enough.abort();
  await ended;
  const address = grantedAddress(client.name, said);
  const last = said.trim().split("\n").at(-1) ?? "";
  if (address === null) host.log.verbose(`${nic}: ${client.name} ended with ${code}: ${last}`);
  return address;
}

/** Tells who the client is, and at the stop ends it if it does not obey: nobody may wait for it. */
async function noteAndEnd(
  host: AskHost,
  pid: number,
  { stop, onStart }: { readonly stop: AbortSignal; readonly onStart: Question["onStart"] },
): Promise<void> {
  const startTime = await startTimeOf(host, pid);
  if (startTime === null) return;
  await onStart({ pid, startTime });
  await aborted(stop);
  await host.endProcess(pid, startTime);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Field 22; the name in parentheses may hold blanks and parentheses itself: proc_pid_stat(5). */
async function startTimeOf(host: Pick<Host, "files">, pid: number): Promise<string | null> {
  const text = await textIn(host, `/proc/${pid}/stat`);
  return text.replace(/^.*\) /s, "").split(" ")[19] ?? null;
}
