/** An error with a code of errno(3) (`ECONNRESET`), like the errors of Node.js and Bun. */
export class CodedError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The code of errno(3) that an error has; "" if it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Whether the kernel refused an operation because the process lacks the permission. */
export function isPermissionError(error: unknown): boolean {
  return ["EACCES", "EPERM"].includes(errorCode(error));
}
