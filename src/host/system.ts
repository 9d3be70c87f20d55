import { readLinkAddresses } from "./addresses.ts";
import { systemClock } from "./clock.ts";
import { terminalWidth } from "./terminal/live-line.ts";
import { endProcess } from "./end-process.ts";
import { systemFiles } from "./files.ts";
import type { Host } from "./host.ts";
import { systemHttp } from "./http.ts";
import { createLog, type LogSettings } from "./terminal/log.ts";
import { print } from "./terminal/stdout.ts";
import { type StderrTarget, detectStderrTarget } from "./terminal/stderr.ts";
import { createTerminationSignal } from "./process.ts";
import type { Sockets } from "./sockets/sockets.ts";

/** The real machine. Call it once a process: it takes SIGINT and SIGTERM. */
export function systemHost(
  logOptions: Pick<LogSettings, "format" | "isPlain" | "verbosity">,
): Host {
  const env = { ...process.env };
  const signal = createTerminationSignal();
  const stderrTarget = (): StderrTarget => detectStderrTarget(env["JOURNAL_STREAM"]);
  // such a terminal moves no cursor (terminfo(5))
  const isPlain = logOptions.isPlain || env["TERM"] === "dumb";
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
    log: createLog({ ...logOptions, isPlain, stderrTarget }, systemClock.now),
    files: systemFiles,
    http: systemHttp,
    // lazily: most runs get by with the kernel's own routing, and node:http costs 6 ms
    bind: async (bindOptions) => (await sockets()).bind(bindOptions),
    // lazily: few machines have it, and node:net costs 3 ms
    imdsd: async () => (await import("./imdsd/transport.ts")).openImdsd(),
    addresses: readLinkAddresses,
    lookUpRoute: async (address) => (await sockets()).lookUpRoute(address),
    // lazily: to fetch a value runs nothing
    exec: async (argv, options) => (await import("./exec.ts")).exec(argv, options),
    endProcess,
    // lazily: few runs need a lock, and bun:ffi is not free
    takeLock: async (path) => (await import("./lock.ts")).takeLock(path),
    print: (data) => print(data, signal),
    columns: () => terminalWidth(1),
  };
}
