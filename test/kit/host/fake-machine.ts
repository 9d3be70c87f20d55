import type { ExecResult } from "../../../src/host/host.ts";
import { openTarget, type TargetHost } from "../../../src/host/target.ts";
import { Failure } from "../../../src/exit.ts";
import { fakeFiles, type FakeFiles } from "./fake-host.ts";

/** A machine in memory: files, and commands whose results a test sets. Only waits advance its clock. */
export interface FakeMachine extends TargetHost {
  readonly files: FakeFiles;
  /** The effects in order: `write PATH`, `link PATH`, `remove PATH`, `run ARGV`. */
  readonly done: string[];
  readonly logged: string[];
}

export interface FakeOptions {
  readonly disk?: Readonly<Record<string, string>>;
  /** The result of a command; default: exit status 0. */
  readonly exec?: (argv: string, files: FakeFiles) => number | Partial<ExecResult>;
  /** An error to throw before an effect; null: none. */
  readonly failAt?: (effect: string) => Error | null;
}

export function fakeMachine(options: FakeOptions = {}): FakeMachine {
  const memory = fakeFiles(options.disk);
  const [done, logged]: [string[], string[]] = [[], []];
  let nowMs = 0;
  const effect = (text: string): void => {
    const error = options.failAt?.(text) ?? null;
    if (error !== null) throw error;
    done.push(text);
  };
  const files: FakeFiles = {
    ...memory,
    write: async (path, content, mode) => {
      effect(`write ${path}`);
      await memory.write(path, content, mode);
    },
    writeInPlace: async (path, content) => effect(`set ${path} ${content}`),
    remove: async (path) => {
      effect(`remove ${path}`);
      await memory.remove(path);
    },
    symlink: async (path, target) => {
      effect(`link ${path}`);
      await memory.symlink(path, target);
    },
    rmdir: async (path) => effect(`remove folder ${path}`),
  };
  const exec = async (argv: readonly string[]): Promise<ExecResult> => {
    effect(`run ${argv.join(" ")}`);
    const result = options.exec?.(argv.join(" "), files) ?? 0;
    const base = { code: 0, isStarted: true, stdout: "", stderr: "" };
    return typeof result === "number" ? { ...base, code: result } : { ...base, ...result };
  };
  const log = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  return {
    done,
    logged,
    env: {},
    uid: 0,
    program: "/usr/local/bin/ec2nic",
    pid: 4711,
    signal: new AbortController().signal,
    clock: { now: () => nowMs, random: () => 0.5, sleep: async (ms) => void (nowMs += ms) },
    log: {
      error: log("error"),
      warn: log("warn"),
      info: log("info"),
      verbose: log("verbose"),
      waiting: () => undefined,
      flush: async () => undefined,
    },
    files,
    target: openTarget({ files }, "/"),
    exec,
    endProcess: async () => undefined,
    takeLock: async () => () => undefined,
    http: {
      fetch: () => Promise.reject(new Failure("UNAVAILABLE", "no network here")),
      canConnect: async () => false,
    },
    bind: async () => "no network here",
    imdsd: async () => null,
    addresses: () => [],
    lookUpRoute: async () => ({ kind: "unknown" }),
    print: async () => undefined,
    columns: () => null,
  };
}
