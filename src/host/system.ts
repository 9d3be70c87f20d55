import { linkAddresses } from "./addresses.ts";
import { systemClock } from "./clock.ts";
import { columnsOf } from "./terminal/live-line.ts";
import { endProcess } from "./end-process.ts";
import { systemFiles } from "./files.ts";
import type { Host } from "./host.ts";
import { systemHttp } from "./http.ts";
import { createLog, type LogSettings } from "./terminal/log.ts";
import { print } from "./terminal/stdout.ts";
import { type ReaderOfStderr, readerOfStderr } from "./terminal/stderr.ts";
import { endingSignal } from "./process.ts";
import type { Sockets } from "./sockets/sockets.ts";

/** The real machine. Call it once a process: it takes SIGINT and SIGTERM. */
export function systemHost(wish: Pick<LogSettings, "format" | "isPlain" | "verbosity">): Host {
  const env = { ...process.env };
  const signal = endingSignal();
  const reader = (): ReaderOfStderr => readerOfStderr(env["JOURNAL_STREAM"]);
  // such a terminal moves no cursor (terminfo(5))
  const isPlain = wish.isPlain || env["TERM"] === "dumb";
  let opened: Promise<Sockets> | null = null;
  const sockets = (): Promise<Sockets> => {
    opened ??= import("./sockets/sockets.ts").then(({ openSockets }) => openSockets());
    return opened;
  };
  return {
    env,
    uid: process.geteuid?.() ?? -1,
    program: process.execPath,
    pid: process.pid,
    signal,
    clock: systemClock,
    log: createLog({ ...wish, isPlain, reader }, systemClock.now),
    files: systemFiles,
    http: systemHttp,
    // lazily: most runs get by with the kernel's own routing, and node:http costs 6 ms
    bind: async (way) => (await sockets()).bind(way),
    // lazily: few machines have it, and node:net costs 3 ms
    imdsd: async () => (await import("./imdsd/transport.ts")).imdsd(),
    addresses: linkAddresses,
    lookUpRoute: async (address) => (await sockets()).lookUpRoute(address),
    // lazily: to fetch a value runs nothing
    exec: async (argv, options) => (await import("./exec.ts")).exec(argv, options),
    endProcess,
    // lazily: few runs need a lock, and bun:ffi is not free
    takeLock: async (path) => (await import("./lock.ts")).takeLock(path),
    print: (data) => print(data, signal),
    columns: () => columnsOf(1),
  };
}
