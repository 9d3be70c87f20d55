/**
 * All exit statuses. Names and numbers are those of sysexits(3). systemd knows the same names, so a
 * unit can contain `SuccessExitStatus=TEMPFAIL` (systemd.exec(5)).
 */
export const exitCodes = {
  OK: 0,
  /** `--check` found a difference and there was no error. */
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
  /** 128 + the number of SIGHUP, as shells report it. */
  SIGHUP: 129,
  /** 128 + SIGINT. */
  SIGINT: 130,
  /** 128 + SIGTERM. */
  SIGTERM: 143,
} as const;

export type ExitKind = keyof typeof exitCodes;
export type FailureKind = Exclude<ExitKind, "OK" | "DIFFERENCE" | "SOFTWARE">;

interface FailureOptions {
  /** What the user can do, or a command to copy. The log writes `hint: ` before it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * An expected failure. Its message is in lower case and names the object. Any other value that is
 * thrown is a bug, and the run ends with 70.
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

/** A failure as `--json` prints it in the member `error`, and as the log reports it. */
export interface ErrorReport {
  readonly code: number;
  readonly kind: ExitKind;
  readonly message: string;
  readonly hint: string | null;
}

/** The report of a thrown value. A value that is not a `Failure` is a bug (`SOFTWARE`). */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof Failure) {
    const { kind, message, hint } = error;
    return { code: exitCodes[kind], kind, message, hint: hint ?? null };
  }
  return {
    code: exitCodes.SOFTWARE,
    kind: "SOFTWARE",
    message: `unexpected: ${errorMessage(error)}`,
    hint: "this is a bug in ec2nic; run the command again with --verbose and report its output",
  };
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
