import type { Host } from "../../host/host.ts";
import { readTextOrEmpty } from "../../inspect/read-file.ts";
import { parseIpv4 } from "../../model/ip.ts";
import { parseProcStat } from "../../model/text.ts";
import type { ClientHost, LeaseClient, LeaseRequest } from "./client.ts";
import type { Program } from "./program.ts";

/** A program that was found, and the tools that start and end it. */
export interface ProgramSetup {
  readonly program: Program;
  /** The command without the arguments of `buildArgs`, such as `busybox udhcpc`. */
  readonly argv: readonly string[];
  /** Replaces the script of the program, because that script would configure the NIC. */
  readonly noopScript: string;
  readonly tools: Pick<Tools, "timeout" | "setpriv">;
}

/** Paths of programs; null for a program that this machine does not have. */
export interface Tools {
  /** true(1). */
  readonly noopScript: string | null;
  /** timeout(1). */
  readonly timeout: string | null;
  /** A setpriv(1) that knows `--pdeathsig` (util-linux 2.33). */
  readonly setpriv: string | null;
}

/** How long a program may run after its time limit before this process ends it. */
const exitGraceMs = 500;

/** A client that runs a program for each request. */
export function createProgramClient(setup: ProgramSetup): LeaseClient {
  const { name, listWrites } = setup.program;
  return {
    name,
    listWrites,
    findObstacle: async () => null,
    request: (host, request) => runProgram(host, setup, request),
  };
}

/** Waits until the program has ended. Returns the granted address; null if none was granted. */
async function runProgram(
  host: ClientHost,
  setup: ProgramSetup,
  { nic, deadlineMs, signal, onStart }: LeaseRequest,
): Promise<string | null> {
  const { program } = setup;
  const seconds = Math.floor((deadlineMs - host.clock.now()) / 1000);
  if (seconds < 1) return null;
  const finished = new AbortController();
  const timeLimit = AbortSignal.timeout(seconds * 1000 + exitGraceMs);
  const stop = AbortSignal.any([signal, finished.signal, timeLimit]);
  let output = "";
  let stopped: Promise<void> = Promise.resolve();
  const argv = buildProgramArgv(setup, nic, seconds);
  host.log.verbose(`${nic}: running ${argv.join(" ")}`);
  const { code } = await host.exec(argv, {
    env: { LC_ALL: "C" },
    signal: stop,
    onStart: (pid) => void (stopped = recordAndStop(host, pid, { stop, onStart })),
    onText: (text) => {
      output += text;
      if (program.staysWithLease && parseGrantedAddress(program, output) !== null) finished.abort();
    },
  });
  finished.abort();
  await stopped;
  const address = parseGrantedAddress(program, output);
  const lastLine = output.trim().split("\n").at(-1) ?? "";
  if (address === null) host.log.verbose(`${nic}: ${program.name} ended with ${code}: ${lastLine}`);
  return address;
}

/**
 * The command that requests a lease for a NIC and ends within `seconds`. With setpriv, the kernel
 * also ends the command when this process ends, even after SIGKILL.
 * Seen with udhcpc 1.35 and 1.37, dhclient 4.4.3, dhcpcd 9.4.1 and 10.1.0.
 */
export function buildProgramArgv(
  { program, argv, noopScript, tools: { timeout, setpriv } }: ProgramSetup,
  nic: string,
  seconds: number,
): readonly string[] {
  const needsLimit = !program.endsWithoutAnswer && timeout !== null;
  return [
    ...(setpriv === null ? [] : [setpriv, "--pdeathsig", "TERM", "--"]),
    ...(needsLimit ? [timeout, "-s", "TERM", String(seconds)] : []),
    ...argv,
    ...program.buildArgs(nic, String(seconds), noopScript),
  ];
}

/** The granted address in the output of a program; null if the output has none. */
export function parseGrantedAddress(
  { grantedPattern }: Pick<Program, "grantedPattern">,
  output: string,
): string | null {
  return parseIpv4(grantedPattern.exec(output)?.[1] ?? "");
}

/** Records the process of a program. When `stop` fires, ends it even if it ignores SIGTERM. */
async function recordAndStop(
  host: ClientHost,
  pid: number,
  { stop, onStart }: { readonly stop: AbortSignal; readonly onStart: LeaseRequest["onStart"] },
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

/** Field 22 of proc_pid_stat(5): the start time. */
async function readStartTime(host: Pick<Host, "files">, pid: number): Promise<string | null> {
  return parseProcStat(await readTextOrEmpty(host, `/proc/${pid}/stat`))(22) ?? null;
}
