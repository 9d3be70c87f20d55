import { parseIpv4 } from "../model/ip.ts";
import type { Host } from "../host/host.ts";
import type { ProcessNote } from "./journal.ts";
import { textIn } from "../inspect/links/links.ts";

/** networkd, which is told by a file and puts the address on for a moment. */
export interface Networkd {
  readonly name: "networkd";
}

/** A DHCP client that asks and configures nothing, and how it is told to. */
export interface DhcpClient {
  readonly name: "udhcpc" | "dhclient" | "dhcpcd";
  /** Its path, and its name there where it is one of several (busybox). */
  readonly program: readonly string[];
  /** What ends it together with this process, to be put in front; empty: nothing here can. */
  readonly mortal: readonly string[];
  /** What ends it after a time, to be put in front without its options; empty: it does by itself. */
  readonly timeout: readonly string[];
  /** A program that does nothing, in the place of its script. */
  readonly harmless: string;
}

/**
 * A folder that nobody makes: a file in it can neither be read nor written. dhclient has no option
 * for "no lease file" and goes on when it cannot make one; as root it would write through a symbolic
 * link or into a device.
 */
const nowhere = "/run/ec2nic/none";

/**
 * The command that asks for an address on one NIC, and ends within `seconds` with or without.
 *
 * - udhcpc: ends after the lease (`-q`) and without one (`-n`); writes nothing.
 * - dhclient: stays in the foreground (`-d`), or it would leave a daemon behind; ends without a lease
 *   (`-1`) after a minute, with one never. A configuration file could name
 *   another script and a lease to fall back on: none is read. With `-sf true` the link is not put up.
 * - dhcpcd: `--noconfigure` puts no address on; `--test` is no way: 9.4.1 crashes after it has
 *   printed and leaves processes. Without a configuration file no DUID file is written; a lease file
 *   is, always. Without carrier or answer it stays on after `--timeout`.
 *
 * Seen with udhcpc 1.35 and 1.37, dhclient 4.4.3, dhcpcd 9.4.1 and 10.1.0.
 */
export function clientArgv(
  { name, program, mortal, timeout, harmless }: DhcpClient,
  nic: string,
  seconds: number,
): readonly string[] {
  const limit = timeout.length === 0 ? [] : [...timeout, "-s", "TERM", String(seconds)];
  return [...mortal, ...limit, ...program, ...ownWords[name](nic, String(seconds), harmless)];
}

type OwnWords = (nic: string, seconds: string, harmless: string) => readonly string[];

const ownWords: Readonly<Record<DhcpClient["name"], OwnWords>> = {
  udhcpc: (nic, seconds, harmless) => {
    const tries = ["-t", seconds, "-T", "1"];
    return ["-f", "-q", "-n", ...tries, "-s", harmless, "-i", nic];
  },
  dhclient: (nic, _, harmless) => {
    const files = ["-cf", `${nowhere}/conf`, "-lf", `${nowhere}/leases`, "--no-pid"];
    return ["-4", "-1", "-d", "-v", ...files, "-sf", harmless, nic];
  },
  dhcpcd: (nic, seconds, harmless) => {
    const once = ["-4", "--oneshot", "--nobackground", "--timeout", seconds];
    const quick = ["--nodelay", "--noarp", "--noipv4ll"];
    const nothing = ["--noconfigure", "--config", `${nowhere}/conf`, "--script", harmless];
    return [...once, ...quick, ...nothing, nic];
  },
};

/** Their own words, the same for twenty years: udhcpc's, dhclient's, dhcpcd's. */
const granted: Readonly<Record<DhcpClient["name"], RegExp>> = {
  udhcpc: /lease of (\S+) obtained/,
  dhclient: /bound to (\S+) --/,
  dhcpcd: /leased (\S+) for /,
};

/** The address in what a client has said so far; null: none was granted. */
export function grantedAddress(name: DhcpClient["name"], said: string): string | null {
  return parseIpv4(granted[name].exec(said)?.[1] ?? "");
}

type AskHost = Pick<Host, "endProcess" | "exec" | "files" | "log">;

interface Question {
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
