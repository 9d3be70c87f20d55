/**
 * Every way a run can end. Names and numbers are those of sysexits(3), which systemd.exec(5)
 * also knows by name, so that `SuccessExitStatus=TEMPFAIL` reads as it should in a unit.
 */
export const exitCodes = {
  OK: 0,
  /** `--check` found a difference, and nothing else. */
  DIFFERENCE: 1,
  USAGE: 64,
  DATAERR: 65,
  NOINPUT: 66,
  UNAVAILABLE: 69,
  SOFTWARE: 70,
  OSERR: 71,
  CANTCREAT: 73,
  TEMPFAIL: 75,
  NOPERM: 77,
  CONFIG: 78,
  /** 128 + SIGHUP, as shells report it. */
  SIGHUP: 129,
  /** 128 + SIGINT. */
  SIGINT: 130,
  /** 128 + SIGTERM. */
  SIGTERM: 143,
} as const;

export type ExitKind = keyof typeof exitCodes;
export type FailureKind = Exclude<ExitKind, "OK" | "DIFFERENCE" | "SOFTWARE">;

interface FailureOptions {
  /** What the reader can do or paste, without the tool's name in front. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * An end that was foreseen: it has a row of the exit table, a message in lower case that names the
 * object, and where there is one, a hint. Everything else that is thrown is a bug (70).
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly hint: string | undefined;

  constructor(kind: FailureKind, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "Failure";
    this.kind = kind;
    this.hint = options.hint;
  }
}

/** What `--json` prints under `error`, and what the log says. */
export interface ErrorReport {
  readonly code: number;
  readonly kind: ExitKind;
  readonly message: string;
  readonly hint: string | null;
}

/** Any thrown value as a row of the exit table; what is not a `Failure` is a bug. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof Failure) {
    const { kind, message, hint } = error;
    return { code: exitCodes[kind], kind, message, hint: hint ?? null };
  }
  return {
    code: exitCodes.SOFTWARE,
    kind: "SOFTWARE",
    message: `unexpected: ${error instanceof Error ? error.message : String(error)}`,
    hint: "this is a bug in ec2nic: run it again with --verbose and report what it prints",
  };
}
