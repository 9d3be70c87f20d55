import type { Host } from "../../host/host.ts";
import type { ProcessNote } from "../../net/lease-notes.ts";
import { clientArgv, type DhcpClient, grantedAddress } from "./dhcp-client.ts";

type AskHost = Pick<Host, "exec" | "files" | "log">;

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

/** Asks for an address, and returns when the client has ended; null: none was granted. */
export async function askClient(host: AskHost, question: Question): Promise<string | null> {
  const { client, nic, seconds, signal, onStart } = question;
  const enough = new AbortController();
  let said = "";
  let noted: Promise<void> = Promise.resolve();
  const argv = clientArgv(client, nic, seconds);
  host.log.verbose(`${nic}: asks for a lease: ${argv.join(" ")}`);
  const { code } = await host.exec(argv, {
    env: { LC_ALL: "C" },
    timeoutMs: (seconds + 2) * 1000,
    signal: AbortSignal.any([signal, enough.signal]),
    onStart: (pid) => {
      noted = note(host, pid, onStart);
    },
    onText: (text) => {
      said += text;
      // it stays to renew; the others end by themselves, and are let to
      const stays = client.name === "dhclient";
      if (stays && grantedAddress(client.name, said) !== null) enough.abort();
    },
  });
  await noted;
  const address = grantedAddress(client.name, said);
  const last = said.trim().split("\n").at(-1) ?? "";
  if (address === null) host.log.verbose(`${nic}: ${client.name} ended with ${code}: ${last}`);
  return address;
}

async function note(host: AskHost, pid: number, onStart: Question["onStart"]): Promise<void> {
  const bytes = await host.files.read(`/proc/${pid}/stat`).catch(() => null);
  if (bytes === null) return;
  // the name in parentheses may hold blanks and parentheses itself: proc_pid_stat(5)
  const fields = new TextDecoder()
    .decode(bytes)
    .replace(/^.*\) /s, "")
    .split(" ");
  const startTime = fields[19];
  if (startTime !== undefined) await onStart({ pid, startTime });
}
