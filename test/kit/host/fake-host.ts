import type { Clock, Files, FileStat, Host, Log, Waiting } from "../../../src/host/host.ts";
import { temporaryNames } from "../../../src/model/managed-paths.ts";

export interface FakeClock extends Clock {
  /** Every wait, in milliseconds. */
  readonly slept: readonly number[];
}

/** A clock that only waits advance. `random`: the value of every `random()`. */
export function fakeClock(random = 1): FakeClock {
  const slept: number[] = [];
  let nowMs = 0;
  return {
    slept,
    now: () => nowMs,
    random: () => random,
    sleep: (ms, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason);
      slept.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
}

export interface FakeLog extends Log {
  readonly lines: readonly string[];
  readonly waits: readonly (Waiting | null)[];
}

export function fakeLog(): FakeLog {
  const lines: string[] = [];
  const waits: (Waiting | null)[] = [];
  const log = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  return {
    lines,
    waits,
    error: log("error"),
    warn: log("warn"),
    info: log("info"),
    verbose: log("verbose"),
    waiting: (state) => void waits.push(state),
    flush: async () => undefined,
  };
}

interface FakeFile {
  readonly content: Uint8Array;
  readonly mode: number;
  readonly uid?: number;
  readonly kind?: "file" | "link";
}

export interface FakeFiles extends Files {
  readonly there: Map<string, FakeFile>;
  /** The text of a file; null if there is none. */
  readonly textAt: (path: string) => string | null;
}

/** Files in memory. A folder exists if a file is in it. */
export function fakeFiles(texts: Readonly<Record<string, string>> = {}): FakeFiles {
  const encoder = new TextEncoder();
  const there = new Map<string, FakeFile>(
    Object.entries(texts).map(([path, text]) => [
      path,
      { content: encoder.encode(text), mode: 0o444 },
    ]),
  );
  const namesIn = (path: string): readonly string[] => {
    const below = [...there.keys()].filter((each) => each.startsWith(`${path}/`));
    return [...new Set(below.map((each) => each.slice(path.length + 1).replace(/\/.*/, "")))];
  };
  const stat = (path: string): FileStat | null => {
    const file = there.get(path);
    if (file !== undefined) {
      return { kind: file.kind ?? "file", mode: file.mode, uid: file.uid ?? 0, inode: 1 };
    }
    return namesIn(path).length === 0 ? null : { kind: "directory", mode: 0o755, uid: 0, inode: 2 };
  };
  return {
    there,
    textAt: (path) => {
      const file = there.get(path);
      return file === undefined ? null : new TextDecoder().decode(file.content);
    },
    read: async (path) => there.get(path)?.content ?? null,
    list: async (path) => namesIn(path).toSorted(),
    readLink: async () => null,
    stat: async (path) => stat(path.replaceAll(/\/+/g, "/").replace(/\/\.?$/, "")),
    mkdir: async () => undefined,
    write: async (path, content, mode) => {
      const bytes = typeof content === "string" ? encoder.encode(content) : content;
      there.set(path, { content: bytes, mode });
    },
    writeInPlace: async (path, content) => {
      const file = there.get(path);
      if (file !== undefined) there.set(path, { ...file, content: encoder.encode(content) });
    },
    remove: async (path) => void there.delete(path),
    symlink: async (path) =>
      void there.set(path, { content: new Uint8Array(), mode: 0o777, kind: "link" }),
    hardLink: async (path, existing) => {
      const file = there.get(existing);
      if (file !== undefined) there.set(path, file);
    },
    move: async (from, to) => {
      const file = there.get(from);
      if (file === undefined) return;
      there.set(to, file);
      there.delete(from);
    },
    rmdir: async () => undefined,
    removeTemporary: async (folder) => {
      for (const name of namesIn(folder)) {
        if (temporaryNames.test(name)) there.delete(`${folder}/${name}`);
      }
    },
  };
}

export const silentLog: Host["log"] = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  verbose: () => undefined,
  waiting: () => undefined,
  flush: async () => undefined,
};
