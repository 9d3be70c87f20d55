import { fstatSync, type Stats } from "node:fs";
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
  const settings = { ...wish, ...stderrOf(env["JOURNAL_STREAM"]) };
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

/** Who reads stderr. JOURNAL_STREAM names device and inode of the journal's socket (systemd.exec(5)). */
function stderrOf(journalStream: string | undefined): Pick<LogSettings, "journal" | "terminal"> {
  const stats = statsOfStderr();
  if (stats === null) return { journal: false, terminal: false };
  const isDevice = stats.isCharacterDevice() && stats.rdev !== nullDevice;
  return {
    journal: journalStream === `${stats.dev}:${stats.ino}`,
    // lazily: node:tty costs 5 ms, as long as an empty program runs
    terminal: isDevice && process.getBuiltinModule("node:tty").isatty(2),
  };
}

/** What most calls of scripts have for a stderr: 1:3 (null(4)). */
const nullDevice = 0x103;

function statsOfStderr(): Stats | null {
  try {
    return fstatSync(2);
  } catch {
    return null; // it is closed
  }
}
