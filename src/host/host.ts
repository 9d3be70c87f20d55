import type { LinkAddress } from "../model/link.ts";

/**
 * Every effect there is. A function that acts on the machine takes `Pick<Host, …>`, so that its
 * signature says what it can do; tests hand in their own record.
 */
export interface Host {
  /** The environment of the process, as it was at the start. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The effective user: what others wrote is not believed. */
  readonly uid: number;
  /** The absolute path of the executable that runs. */
  readonly program: string;
  /** The process, for others to see who holds a lock. */
  readonly pid: number;
  /** Aborted by SIGINT and SIGTERM; its reason is the `Failure` to end with. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly files: Files;
  /** By the kernel's own routing. */
  readonly http: HttpTransport;
  /**
   * A transport whose connections leave through one NIC and no other, from an address of its own.
   * A string says why this process cannot have one, as where a unit forbids foreign functions.
   */
  readonly bind: (options: BindOptions) => Promise<BoundTransport | string>;
  /** By way of systemd-imdsd, which its prohibit route does not stop; null: it is not here. */
  readonly imdsd: () => Promise<HttpTransport | null>;
  /** Addresses of the links that have carrier, in the kernel's order; empty where it won't tell. */
  readonly addresses: () => readonly LinkAddress[];
  /** What the kernel's own routing makes of an IP address. */
  readonly lookUpRoute: (address: string) => Promise<RouteLookup>;
  readonly exec: Exec;
  /** Ends a process that an earlier run left, where it is still that one; returns when it is gone. */
  readonly endProcess: (pid: number, startTime: string) => Promise<void>;
  /** Takes the lock on a file; null: somebody else has it. It ends with the process at the latest. */
  readonly takeLock: (path: string) => Promise<Release | null>;
  /** Writes data to stdout, whole, or throws (`CANTCREAT`: disk full, reader gone). */
  readonly print: (data: string | Uint8Array) => Promise<void>;
  /** How wide the terminal is that stdout is; null: it is none. */
  readonly columns: () => number | null;
}

export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary start. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when that is aborted first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** At least 0, less than 1: for jitter. */
  readonly random: () => number;
}

/** Talk, on stderr. Control characters are escaped there. */
export interface Log {
  readonly error: (message: string, hint?: string | null) => void;
  readonly warn: (message: string, hint?: string | null) => void;
  readonly info: (message: string) => void;
  /** Seen with `--verbose` only. */
  readonly verbose: (message: string) => void;
  /**
   * What is awaited now; on a terminal a live line shows it once it lasts longer than a second, or
   * a line tells it once where nothing shall be drawn over.
   */
  readonly waiting: (state: Waiting | null) => void;
  /** Resolves when all that was said is written, or soon after when nobody reads it. */
  readonly flush: () => Promise<void>;
}

export interface Waiting {
  /** `instance metadata`, `eni for 06:…` */
  readonly what: string;
  /** The last reason why it is not there yet. */
  readonly reason: string;
  readonly tries: number;
  /** On the clock of `Clock.now`. */
  readonly deadlineMs: number;
}

/** What is there and cannot be read or listed is `NOPERM` or `OSERR`, never null. */
export interface Files {
  /**
   * The content; null where there is no such file. What is no plain file (a pipe, a device, but for
   * /dev/null) is `OSERR`, unless it is wanted: who reads it may wait for ever.
   */
  readonly read: (
    path: string,
    options?: { readonly mayBePipe: boolean },
  ) => Promise<Uint8Array | null>;
  /** The names in a folder, sorted; empty where there is no such folder. */
  readonly list: (path: string) => Promise<readonly string[]>;
  /** Where a symbolic link points; null where there is none. */
  readonly readLink: (path: string) => Promise<string | null>;
  /** What stands at a path, not following a symbolic link; null where there is nothing. */
  readonly stat: (path: string) => Promise<FileStat | null>;
  /** Makes a folder and those above it; nothing where it exists. */
  readonly mkdir: (path: string, mode: number) => Promise<void>;
  /**
   * Writes a file whole: temporary file beside it, fsync, rename, fsync of the folder. The old
   * content or the new, never a part. Throws `CANTCREAT` (nothing is left behind), `NOPERM`.
   */
  readonly write: (path: string, content: string | Uint8Array, mode: number) => Promise<void>;
  /**
   * Takes away what `write` and `link` of a run that was killed had begun in a folder, and what has
   * not been touched for so long: 0 is for whoever knows that no other run writes there now. What
   * cannot be removed stays; nothing is thrown.
   */
  readonly removeTemporary: (directory: string, minAgeMs: number) => Promise<void>;
  /** Writes into a file of the kernel's, such as `/proc/sys` has them; nothing where there is none. */
  readonly writeInPlace: (path: string, content: string) => Promise<void>;
  /** Removes a file or a symbolic link; nothing where there is none. */
  readonly remove: (path: string) => Promise<void>;
  /** Makes a symbolic link that says `target`, in the place of whatever link or file was there. */
  readonly symlink: (path: string, target: string) => Promise<void>;
  /** Gives a file a second name, on the same file system; nothing where there is no such file. */
  readonly hardLink: (path: string, existing: string) => Promise<void>;
  /** Moves a file to where another one may be; nothing where there is no such file. */
  readonly move: (from: string, to: string) => Promise<void>;
  /** Removes a folder that is empty; nothing where it is not, or where there is none. */
  readonly rmdir: (path: string) => Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "link" | "other";
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  /** The inode: what is removed and made again has another one. */
  readonly inode: number;
}

/** One try of one request, over one way to the service. */
export interface HttpTransport {
  /**
   * As the web's `fetch`; never through a proxy, whatever the environment says. What fails before
   * an answer has an error with the `code` of errno(3), itself or as its cause. Rejects as soon as
   * the signal of `init` is aborted, whatever the other side does.
   */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Whether a TCP connection to `host:port` stands within `timeoutMs`; it is closed at once. null:
   * needless, `fetch` bounds its connecting by itself (`ETIMEDOUT`).
   */
  readonly canConnect: ((host: string, port: number, timeoutMs: number) => Promise<boolean>) | null;
}

/** `source`: the address that it would ask from. `forbidden`: a route of another type says no. */
export type RouteLookup =
  | { readonly kind: "route"; readonly source: string }
  | { readonly kind: "none" | "forbidden" | "unknown" };

export interface BindOptions {
  /** The name of the link. */
  readonly nic: string;
  /** Addresses to ask from: the first of a family is taken, a global one before a link-local one. */
  readonly sources: readonly LinkAddress[];
  /** In which a connection must stand. */
  readonly connectMs: number;
}

export interface BoundTransport extends HttpTransport {
  /**
   * Opens one connection and closes it. Rejects with an error whose `code` is errno's name, and with
   * the signal's reason.
   */
  readonly tryConnect: (host: string, port: number, signal: AbortSignal) => Promise<void>;
  /** Ends what is under way and closes every connection. */
  readonly close: () => void;
}

/** Gives a lock back. */
export type Release = () => void;

/** Runs a command: an argv array, never a shell string. */
export type Exec = (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

export interface ExecOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `inherit`: the command has our stdin, stdout and stderr, and our signals. */
  readonly stdio?: "capture" | "inherit";
  readonly timeoutMs?: number;
  /** Ends the command (SIGTERM) when it is aborted. */
  readonly signal?: AbortSignal;
  /** Called when it runs, with its process id. */
  readonly onStart?: (pid: number) => void;
  /** Called with what it says, on stdout or stderr, when it says it (`capture` only). */
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
