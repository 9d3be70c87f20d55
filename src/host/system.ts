import { readLinkAddresses } from "./addresses.ts";
import { systemClock } from "./clock.ts";
import { systemFiles } from "./files.ts";
import type { Host } from "./host.ts";
import { systemHttp } from "./http.ts";
import { createTerminationSignal } from "./process.ts";
import type { Sockets } from "./sockets/sockets.ts";
import { terminalWidth } from "./terminal/live-line.ts";
import { createLog, type LogSettings } from "./terminal/log.ts";
import { detectStderrTarget } from "./terminal/stderr.ts";
import { print } from "./terminal/stdout.ts";

/** The running machine. Call it once per process, because it handles SIGINT, SIGTERM and SIGHUP. */
export function systemHost(settings: Pick<LogSettings, "format" | "isPlain" | "verbosity">): Host {
  const env = { ...process.env };
  const signal = createTerminationSignal();
  const stderrTarget = () => detectStderrTarget(env["JOURNAL_STREAM"]);
  // TERM=dumb: the terminal cannot move its cursor (terminfo(5))
  const isPlain = settings.isPlain || env["TERM"] === "dumb";
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
    log: createLog({ ...settings, isPlain, stderrTarget }, systemClock.now),
    files: systemFiles,
    http: systemHttp,
    // Most runs do not need the following modules, so each is imported at its first use:
    // loading node:http takes 6 ms, node:net 3 ms, and bun:ffi takes time, too.
    bind: async (options) => (await sockets()).bind(options),
    imdsd: async () => (await import("./imdsd/transport.ts")).openImdsd(),
    addresses: readLinkAddresses,
    lookUpRoute: async (address) => (await sockets()).lookUpRoute(address),
    exec: async (argv, options) => (await import("./exec.ts")).exec(argv, options),
    endProcess: async (pid, startTime) =>
      (await import("./end-process.ts")).endProcess(pid, startTime),
    takeLock: async (path) => (await import("./lock.ts")).takeLock(path),
    print: (data) => print(data, signal),
    columns: () => terminalWidth(1),
  };
}
