import type { ExecResult, Files } from "../../../src/host/host.ts";
import { openTarget, type TargetHost } from "../../../src/host/target.ts";
import { Failure } from "../../../src/exit.ts";

/** A machine in memory: files, and commands whose results a test sets. Only waits advance its clock. */
export interface FakeMachine extends TargetHost {
  readonly disk: Map<string, { readonly content: string; readonly mode: number }>;
  /** The effects in order: `write PATH`, `remove PATH`, `run ARGV`. */
  readonly done: string[];
  readonly logged: string[];
}

export interface FakeOptions {
  readonly disk?: Readonly<Record<string, string>>;
  /** The result of a command; default: exit status 0. */
  readonly exec?: (argv: string, disk: FakeMachine["disk"]) => number | Partial<ExecResult>;
  /** An error to throw before an effect; null: none. */
  readonly failAt?: (effect: string) => Error | null;
}

export function fakeMachine(options: FakeOptions = {}): FakeMachine {
  const entries = Object.entries(options.disk ?? {});
  const disk: FakeMachine["disk"] = new Map(
    entries.map(([path, content]) => [path, { content, mode: 0o600 }]),
  );
  const [done, logged]: [string[], string[]] = [[], []];
  let nowMs = 0;
  const effect = (text: string): void => {
    const error = options.failAt?.(text) ?? null;
    if (error !== null) throw error;
    done.push(text);
  };
  const files: Files = {
    read: async (path) => {
      const file = disk.get(path);
      return file === undefined ? null : new TextEncoder().encode(file.content);
    },
    list: async (path) =>
      [...disk.keys()]
        .filter((each) => each.startsWith(`${path}/`))
        .map((each) => each.slice(path.length + 1))
        .filter((each) => !each.includes("/"))
        .toSorted(),
    readLink: async () => null,
    stat: async (path) => {
      const file = disk.get(path);
      return file === undefined ? null : { kind: "file", mode: file.mode, uid: 0, inode: 1 };
    },
    mkdir: async () => undefined,
    write: async (path, content, mode) => {
      effect(`write ${path}`);
      disk.set(path, { content: String(content), mode });
    },
    writeInPlace: async (path, content) => effect(`set ${path} ${content}`),
    remove: async (path) => {
      effect(`remove ${path}`);
      disk.delete(path);
    },
    symlink: async (path) => effect(`link ${path}`),
    hardLink: async (path) => effect(`link hard ${path}`),
    move: async (from, to) => effect(`move ${from} ${to}`),
    rmdir: async (path) => effect(`remove folder ${path}`),
    removeTemporary: async () => undefined,
  };
  const exec = async (argv: readonly string[]): Promise<ExecResult> => {
    effect(`run ${argv.join(" ")}`);
    const result = options.exec?.(argv.join(" "), disk) ?? 0;
    const base = { code: 0, isStarted: true, stdout: "", stderr: "" };
    return typeof result === "number" ? { ...base, code: result } : { ...base, ...result };
  };
  const log = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  return {
    disk,
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
