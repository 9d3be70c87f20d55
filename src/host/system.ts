import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { linkAddresses } from "./addresses.ts";
import { systemClock } from "./clock.ts";
import { endProcess } from "./end-process.ts";
import { exec } from "./exec.ts";
import { systemFiles } from "./files.ts";
import type { Host } from "./host.ts";
import { systemHttp } from "./http.ts";
import { createLog, type LogSettings } from "./log.ts";
import { print } from "./print.ts";
import { endingSignal } from "./signals.ts";
import type { Sockets } from "./sockets.ts";

/** The real machine. Call it once a process: it takes SIGINT and SIGTERM. */
export function systemHost(wish: Pick<LogSettings, "format" | "verbosity">): Host {
  const env = { ...process.env };
  const signal = endingSignal();
  const settings = { ...wish, journal: isJournal(env["JOURNAL_STREAM"]), terminal: isatty(2) };
  let opened: Promise<Sockets> | null = null;
  const sockets = (): Promise<Sockets> => {
    opened ??= import("./sockets.ts").then(({ openSockets }) => openSockets());
    return opened;
  };
  return {
    env,
    uid: process.geteuid?.() ?? -1,
    program: process.execPath,
    pid: process.pid,
    signal,
    clock: systemClock,
    log: createLog(settings, systemClock.now),
    files: systemFiles,
    http: systemHttp,
    // lazily: most runs get by with the kernel's own routing, and node:http costs 6 ms
    bind: async (way) => (await sockets()).bind(way),
    // lazily: few machines have it, and node:net costs 3 ms
    imdsd: async () => (await import("./imdsd.ts")).imdsd(),
    addresses: linkAddresses,
    lookUpRoute: async (address) => (await sockets()).lookUpRoute(address),
    exec,
    endProcess,
    // lazily: few runs need a lock, and bun:ffi is not free
    takeLock: async (path) => (await import("./lock.ts")).takeLock(path),
    print: (data) => print(data, signal),
  };
}

/** JOURNAL_STREAM names device and inode of the journal's socket: is stderr that? (systemd.exec(5)) */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(2);
    return stream === `${dev}:${ino}`;
  } catch {
    return false; // stderr is closed
  }
}
