import { parseIpv4 } from "../model/ip.ts";
import type { Host } from "../host/host.ts";
import type { ProcessRecord } from "./journal.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

/** networkd, which is told by a file and puts the address on for a moment. */
export interface NetworkdClient {
  readonly name: "networkd";
}

/** A DHCP client that asks and configures nothing, and how it is told to. */
export interface DhcpClient {
  readonly name: "udhcpc" | "dhclient" | "dhcpcd";
  /** Its path, and its name there where it is one of several (busybox). */
  readonly program: readonly string[];
  /** What ends it together with this process, to be put in front; empty: nothing here can. */
  readonly parentDeathWrapper: readonly string[];
  /** What ends it after a time, to be put in front without its options; empty: it does by itself. */
  readonly timeout: readonly string[];
  /** A program that does nothing, in the place of its script. */
  readonly noopScript: string;
}

/**
 * A folder that nobody makes: a file in it can neither be read nor written. dhclient has no option
 * for "no lease file" and goes on when it cannot make one; as root it would write through a symbolic
 * link or into a device.
 */
const missingDirectory = "/run/ec2nic/none";

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
export function buildClientArgv(
  { name, program, parentDeathWrapper, timeout, noopScript }: DhcpClient,
  nic: string,
  seconds: number,
): readonly string[] {
  const timeoutArgs = timeout.length === 0 ? [] : [...timeout, "-s", "TERM", String(seconds)];
  return [
    ...parentDeathWrapper,
    ...timeoutArgs,
    ...program,
    ...buildArgs[name](nic, String(seconds), noopScript),
  ];
}

type BuildArgs = (nic: string, seconds: string, noopScript: string) => readonly string[];

const buildArgs: Readonly<Record<DhcpClient["name"], BuildArgs>> = {
  udhcpc: (nic, seconds, noopScript) => {
    const tries = ["-t", seconds, "-T", "1"];
    return ["-f", "-q", "-n", ...tries, "-s", noopScript, "-i", nic];
  },
  dhclient: (nic, _, noopScript) => {
    const files = [
      "-cf",
      `${missingDirectory}/conf`,
      "-lf",
      `${missingDirectory}/leases`,
      "--no-pid",
    ];
    return ["-4", "-1", "-d", "-v", ...files, "-sf", noopScript, nic];
  },
  dhcpcd: (nic, seconds, noopScript) => {
    const once = ["-4", "--oneshot", "--nobackground", "--timeout", seconds];
    const quick = ["--nodelay", "--noarp", "--noipv4ll"];
    const nothing = [
      "--noconfigure",
      "--config",
      `${missingDirectory}/conf`,
      "--script",
      noopScript,
    ];
    return [...once, ...quick, ...nothing, nic];
  },
};

/** Their own words, the same for twenty years: udhcpc's, dhclient's, dhcpcd's. */
const grantedPatterns: Readonly<Record<DhcpClient["name"], RegExp>> = {
  udhcpc: /lease of (\S+) obtained/,
  dhclient: /bound to (\S+) --/,
  dhcpcd: /leased (\S+) for /,
};

/** The address in what a client has said so far; null: none was granted. */
export function parseGrantedAddress(name: DhcpClient["name"], output: string): string | null {
  return parseIpv4(grantedPatterns[name].exec(output)?.[1] ?? "");
}

type ClientHost = Pick<Host, "endProcess" | "exec" | "files" | "log">;

interface ClientRun {
  readonly client: DhcpClient;
  readonly nic: string;
  /** After which it gives up. */
  readonly seconds: number;
  /** Ends the client. */
  readonly signal: AbortSignal;
  /** Told who it is, so that another run can end it. */
  readonly onStart: (client: ProcessRecord) => Promise<void>;
}

/** A client has so long to end after its time. */
const exitGraceMs = 500;

/** Asks for an address, and returns when the client has ended; null: none was granted. */
export async function runClient(host: ClientHost, run: ClientRun): Promise<string | null> {
  const { client, nic, seconds, signal, onStart } = run;
  const clientDone = new AbortController();
  const timeLimit = AbortSignal.timeout(seconds * 1000 + exitGraceMs);
  const stop = AbortSignal.any([signal, clientDone.signal, timeLimit]);
  let output = "";
  let stopped: Promise<void> = Promise.resolve();
  const argv = buildClientArgv(client, nic, seconds);
  host.log.verbose(`${nic}: asks for a lease: ${argv.join(" ")}`);
  const { code } = await host.exec(argv, {
    env: { LC_ALL: "C" },
    signal: stop,
    onStart: (pid) => {
      stopped = recordAndStop(host, pid, { stop, onStart });
    },
    onText: (text) => {
      output += text;
      // it stays to renew; the others end by themselves, and are let to
      const keepsRunning = client.name === "dhclient";
      if (keepsRunning && parseGrantedAddress(client.name, output) !== null) clientDone.abort();
    },
  });
  clientDone.abort();
  await stopped;
  const address = parseGrantedAddress(client.name, output);
  const lastLine = output.trim().split("\n").at(-1) ?? "";
  if (address === null) host.log.verbose(`${nic}: ${client.name} ended with ${code}: ${lastLine}`);
  return address;
}

/** Tells who the client is, and at the stop ends it if it does not obey: nobody may wait for it. */
async function recordAndStop(
  host: ClientHost,
  pid: number,
  { stop, onStart }: { readonly stop: AbortSignal; readonly onStart: ClientRun["onStart"] },
): Promise<void> {
  const startTime = await readStartTime(host, pid);
  if (startTime === null) return;
  await onStart({ pid, startTime });
  await waitForAbort(stop);
  await host.endProcess(pid, startTime);
}

function waitForAbort(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Field 22; the name in parentheses may hold blanks and parentheses itself: proc_pid_stat(5). */
async function readStartTime(host: Pick<Host, "files">, pid: number): Promise<string | null> {
  const text = await readTextOrEmpty(host, `/proc/${pid}/stat`);
  return text.replace(/^.*\) /s, "").split(" ")[19] ?? null;
}
