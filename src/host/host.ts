import type { LinkAddress } from "../model/link.ts";

/**
 * Every effect on the machine. A function that has effects takes `Pick<Host, …>`, so that its
 * signature says what it can do; tests pass their own record.
 */
export interface Host {
  /** The environment of the process, as it was at the start. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user id. */
  readonly uid: number;
  /** The absolute path of the running executable. */
  readonly program: string;
  /** The process id: other runs show which process holds a lock. */
  readonly pid: number;
  /** Aborted by SIGINT, SIGTERM and SIGHUP; its reason is the `Failure` to end with. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  /** Over the kernel's own routing. */
  readonly http: HttpTransport;
  /**
   * A transport whose connections leave through one NIC only, from an address of that NIC. A string
   * says why this process cannot have one, for example because its unit forbids foreign functions.
   */
  readonly bind: (options: BindOptions) => Promise<BoundTransport | string>;
  /** Over systemd-imdsd, which its own prohibit route does not block; null: it is not installed. */
  readonly imdsd: () => Promise<HttpTransport | null>;
  /** Addresses of the links with carrier, in the kernel's order; empty if it gives none. */
  readonly addresses: () => readonly LinkAddress[];
  /** Where the kernel's own routing leads for an IP address. */
  readonly lookUpRoute: (address: string) => Promise<RouteLookup>;
  readonly exec: Exec;
  /** Ends a process that an earlier run left, if the id still belongs to it; waits for its end. */
  readonly endProcess: (pid: number, startTime: string) => Promise<void>;
  /** Takes the lock on a file; null: another process holds it. The end of the process releases it. */
  readonly takeLock: (path: string) => Promise<Release | null>;
  /** Writes all data to stdout. Throws `CANTCREAT` (disk full, closed pipe). */
  readonly print: (data: string | Uint8Array) => Promise<void>;
  /** The width of the terminal at stdout; null: stdout is no terminal. */
  readonly columns: () => number | null;
}

/** All that a function needs which only uses files: of the machine or of an image. */
export type FileHost = Pick<Host, "files">;

/** All that a function needs which only runs commands. */
export type ExecHost = Pick<Host, "exec">;

export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects with the signal's reason if that is aborted first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** At least 0, less than 1: for jitter. */
  readonly random: () => number;
}

/** Messages on stderr. Control characters are escaped there. */
export interface Log {
  readonly error: (message: string, hint?: string | null) => void;
  readonly warn: (message: string, hint?: string | null) => void;
  readonly info: (message: string) => void;
  /** Shown with `--verbose` only. */
  readonly verbose: (message: string) => void;
  /**
   * What the run waits for now; null: for nothing. After a second a line shows it on a terminal,
   * and is updated; with `--plain` the line is printed once.
   */
  readonly waiting: (state: Waiting | null) => void;
  /** Resolves when all messages are written, or soon after if nothing reads them. */
  readonly flush: () => Promise<void>;
}

export interface Waiting {
  /** `instance metadata`, `ENI for 06:…` */
  readonly what: string;
  /** Why it is not there yet, at the last try. */
  readonly reason: string;
  readonly tries: number;
  /** On the clock of `Clock.now`. */
  readonly deadlineMs: number;
}

/**
 * The file system. What exists and cannot be read or listed is `NOPERM` or `OSERR`, never null;
 * what cannot be changed is `NOPERM` or `CANTCREAT`.
 */
export interface Files {
  /**
   * The content; null: no such file. A pipe or a device (/dev/null excepted) is `OSERR`, unless
   * `mayBePipe`: reading it might never end.
   */
  readonly read: (
    path: string,
    options?: { readonly mayBePipe: boolean },
  ) => Promise<Uint8Array | null>;
  /** The names in a directory, sorted; empty: no such directory. */
  readonly list: (path: string) => Promise<readonly string[]>;
  /** The target of a symbolic link, as written; null: no such link. */
  readonly readLink: (path: string) => Promise<string | null>;
  /** As lstat(2): symbolic links are not followed; null: nothing is there. */
  readonly stat: (path: string) => Promise<FileStat | null>;
  /** Creates a directory and those above it, where they are missing. */
  readonly mkdir: (path: string, mode: number) => Promise<void>;
  /**
   * Replaces a file as a whole: temporary file beside it, fsync, rename, fsync of the directory.
   * The content is the old one or the new one, never a part, and nothing is left after a failure.
   */
  readonly write: (path: string, content: string | Uint8Array, mode: number) => Promise<void>;
  /**
   * Removes the temporary files that a killed run left in a directory, if they were not changed for
   * `minAgeMs`; 0 only if no other run can write there now. What cannot be removed stays.
   */
  readonly removeTemporary: (directory: string, minAgeMs: number) => Promise<void>;
  /** Writes to an existing file, as those in `/proc/sys`; no effect if it does not exist. */
  readonly writeInPlace: (path: string, content: string) => Promise<void>;
  /** Removes a file or a symbolic link; no effect if it does not exist. */
  readonly remove: (path: string) => Promise<void>;
  /** Creates a symbolic link to `target`, or replaces the file or link at `path`. */
  readonly symlink: (path: string, target: string) => Promise<void>;
  /** Gives a file a second name, on the same file system; no effect if it does not exist. */
  readonly hardLink: (path: string, existing: string) => Promise<void>;
  /** Renames a file, and replaces what is at `to`; no effect if it does not exist. */
  readonly move: (from: string, to: string) => Promise<void>;
  /** Removes an empty directory; no effect if it is not empty or does not exist. */
  readonly rmdir: (path: string) => Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "link" | "other";
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  /** A file that is removed and created again gets another one. */
  readonly inode: number;
}

/** Sends single requests, over one path to the service. */
export interface HttpTransport {
  /**
   * As the web's `fetch`; never over a proxy, whatever the environment says. A failure before a
   * response has the `code` of errno(3), itself or in its cause. Rejects as soon as the signal of
   * `init` is aborted.
   */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Whether a TCP connection to `host:port` is established within `timeoutMs`; it is closed at
   * once. null: not needed, `fetch` limits its connect itself (`ETIMEDOUT`).
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
  /** The addresses to send from; `chooseSource` selects one for each destination. */
  readonly sources: readonly LinkAddress[];
  /** The time limit of a connect. */
  readonly connectMs: number;
}

export interface BoundTransport extends HttpTransport {
  /**
   * Opens one connection and closes it. Rejects with an error whose `code` is errno's name, or with
   * the signal's reason.
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
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `inherit`: the command gets our stdin, stdout and stderr, and our signals. */
  readonly stdio?: "capture" | "inherit";
  readonly timeoutMs?: number;
  /** Ends the command (SIGTERM) when it is aborted. */
  readonly signal?: AbortSignal;
  /** Called with the process id when the command runs. */
  readonly onStart?: (pid: number) => void;
  /** Called with each part of stdout and stderr as it arrives (`capture` only). */
  readonly onText?: (text: string) => void;
}

export interface ExecResult {
  /** As a shell reports it: 127 not found, 126 not executable, 128 + signal. */
  readonly code: number;
  /** false: there is no such command, or it cannot be executed. */
  readonly isStarted: boolean;
  readonly stdout: string;
  readonly stderr: string;
}
