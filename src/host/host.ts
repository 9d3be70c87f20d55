import type { LinkAddress } from "../model/link.ts";

/**
 * Every effect on the machine. A function that has effects takes `Pick<Host, …>`, so that its
 * signature says which effects it has. Tests pass a record of their own.
 */
export interface Host {
  /** The environment of the process, as it was at the start. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user id. */
  readonly uid: number;
  /** The absolute path of the running executable. */
  readonly program: string;
  /** The process id, so that other runs can show which process holds a lock. */
  readonly pid: number;
  /** Aborted by SIGINT, SIGTERM or SIGHUP. The abort reason is the `Failure` that ends the run. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  /** Sends over the kernel's own routing. */
  readonly http: HttpTransport;
  /**
   * Gives a transport whose connections leave through one NIC only, from an address of that NIC. If
   * this is impossible, gives the cause as text, for example that foreign functions are forbidden.
   */
  readonly bind: (options: BindOptions) => Promise<BoundTransport | string>;
  /** Sends over systemd-imdsd, which passes its own prohibit route; null if it has no socket. */
  readonly imdsd: () => Promise<HttpTransport | null>;
  /** The addresses of the links with carrier, in the kernel's order. */
  readonly addresses: () => readonly LinkAddress[];
  /** Looks up where the kernel's own routing sends packets for an IP address. */
  readonly lookUpRoute: (address: string) => Promise<RouteLookup>;
  readonly exec: Exec;
  /** Ends a process of an earlier run and waits for its end; no effect if its id is reused. */
  readonly endProcess: (pid: number, startTime: string) => Promise<void>;
  /** Takes the lock on a file until this process ends; null if another process holds the lock. */
  readonly takeLock: (path: string) => Promise<Release | null>;
  /** Writes all data to stdout. Throws `CANTCREAT` if that fails (disk full, closed pipe). */
  readonly print: (data: string | Uint8Array) => Promise<void>;
  /** The width of the terminal at stdout; null if stdout is not a terminal. */
  readonly columns: () => number | null;
}

/** For a function that only reads or writes files, of the machine or of an image. */
export type FileHost = Pick<Host, "files">;

/** For a function that only runs commands. */
export type ExecHost = Pick<Host, "exec">;

export interface Clock {
  /** Milliseconds on a monotonic clock with an arbitrary start. */
  readonly now: () => number;
  /** Resolves after `ms`. Rejects with the reason of `signal` if `signal` aborts first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** A random number of at least 0 and less than 1, for jitter. */
  readonly random: () => number;
}

/** Messages to stderr. Control characters in them are escaped. */
export interface Log {
  readonly error: (message: string, hint?: string | null) => void;
  readonly warn: (message: string, hint?: string | null) => void;
  readonly info: (message: string) => void;
  /** Shown with `--verbose` only. */
  readonly verbose: (message: string) => void;
  /**
   * Shows what the run waits for; null if it waits for nothing. On a terminal, a line appears after
   * a second and is updated; with `--plain`, a line is printed once.
   */
  readonly waiting: (state: Waiting | null) => void;
  /** Resolves when all messages are written, or soon after if nothing reads them. */
  readonly flush: () => Promise<void>;
}

export interface Waiting {
  /** `IMDS`, `ENI for 06:…` */
  readonly what: string;
  /** Why the last try did not get it. */
  readonly reason: string;
  readonly tries: number;
  /** When the wait ends, on `Clock.now`. */
  readonly deadlineMs: number;
}

/**
 * The file system. If a path exists but cannot be read or listed, that is `NOPERM` or `OSERR`,
 * never null. If a path cannot be changed, that is `NOPERM` or `CANTCREAT`.
 */
export interface Files {
  /**
   * The content; null if there is no such file. A pipe or a device (except /dev/null) is `OSERR`
   * unless `mayBePipe`, because reading it might never end.
   */
  readonly read: (
    path: string,
    options?: { readonly mayBePipe: boolean },
  ) => Promise<Uint8Array | null>;
  /** The names in a directory, sorted; empty if there is no such directory. */
  readonly list: (path: string) => Promise<readonly string[]>;
  /** The target of a symbolic link, as written in it; null if there is no such link. */
  readonly readLink: (path: string) => Promise<string | null>;
  /** As lstat(2), so symbolic links are not followed; null if nothing is there. */
  readonly stat: (path: string) => Promise<FileStat | null>;
  /** Creates a directory and its parents, if they are missing. */
  readonly mkdir: (path: string, mode: number) => Promise<void>;
  /**
   * Replaces a file atomically: temporary file in the same directory, fsync, rename, fsync of the
   * directory. The content is always the old or the new one. A failure leaves no temporary file.
   */
  readonly write: (path: string, content: string | Uint8Array, mode: number) => Promise<void>;
  /**
   * Removes the temporary files of killed runs in a directory, if they are at least `minAgeMs` old;
   * use 0 only if no other run can write there now. A file that cannot be removed stays.
   */
  readonly removeTemporary: (directory: string, minAgeMs: number) => Promise<void>;
  /** Writes to an existing file, such as those in `/proc/sys`; no effect if it does not exist. */
  readonly writeInPlace: (path: string, content: string) => Promise<void>;
  /** Removes a file or a symbolic link; no effect if it does not exist. */
  readonly remove: (path: string) => Promise<void>;
  /** Creates a symbolic link to `target`, and replaces a file or link that is at `path`. */
  readonly symlink: (path: string, target: string) => Promise<void>;
  /** Creates `path` as a second name of `existing`; no effect if `existing` does not exist. */
  readonly hardLink: (path: string, existing: string) => Promise<void>;
  /** Renames a file, and replaces what is at `to`; no effect if `from` does not exist. */
  readonly move: (from: string, to: string) => Promise<void>;
  /** Removes an empty directory; no effect if it is not empty or does not exist. */
  readonly rmdir: (path: string) => Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "link" | "other";
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  /** A file that is removed and created again gets another inode. */
  readonly inode: number;
}

/** Sends single requests to IMDS over one path. */
export interface HttpTransport {
  /**
   * Like the web's `fetch`, but never over a proxy, even if the environment sets one. Without a
   * response, the error or its cause has a `code` of errno(3). Rejects when `init.signal` aborts.
   */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Whether a TCP connection to `host:port` is established within `timeoutMs`; it is then closed.
   * null if this test is not needed, because `fetch` limits its connect itself (`ETIMEDOUT`).
   */
  readonly canConnect: ((host: string, port: number, timeoutMs: number) => Promise<boolean>) | null;
}

/** `source`: the address to send from. `forbidden`: a prohibit, blackhole or unreachable route. */
export type RouteLookup =
  | { readonly kind: "route"; readonly source: string }
  | { readonly kind: "none" | "forbidden" | "unknown" };

export interface BindOptions {
  /** The name of the link. */
  readonly nic: string;
  /** The addresses to send from. `chooseSource` selects one of them for each destination. */
  readonly sources: readonly LinkAddress[];
  /** The time limit of each connect. */
  readonly connectMs: number;
}

export interface BoundTransport extends HttpTransport {
  /**
   * Opens a connection and closes it. Rejects with an error whose `code` is errno's name, or with
   * the reason of `signal` if `signal` aborts.
   */
  readonly tryConnect: (host: string, port: number, signal: AbortSignal) => Promise<void>;
  /** Ends all requests and closes all connections. */
  readonly close: () => void;
}

/** Releases a lock. */
export type Release = () => void;

/** Runs a command: an argv array, never a shell string. */
export type Exec = (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

export interface ExecOptions {
  /** Variables to add to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** With `inherit`, the command gets our stdin, stdout and stderr, and our signals. */
  readonly stdio?: "capture" | "inherit";
  readonly timeoutMs?: number;
  /** When it aborts, the command is ended with SIGTERM. */
  readonly signal?: AbortSignal;
  /** Called with the process id when the command has started. */
  readonly onStart?: (pid: number) => void;
  /** Called with each part of stdout and stderr as it arrives (`capture` only). */
  readonly onText?: (text: string) => void;
}

export interface ExecResult {
  /** As a shell reports it: 127 if not found, 126 if not executable, 128 + n after signal n. */
  readonly code: number;
  /** False if there is no such command, or if it cannot be executed. */
  readonly isStarted: boolean;
  readonly stdout: string;
  readonly stderr: string;
}
