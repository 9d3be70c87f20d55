import { Failure } from "../exit.ts";

/**
 * A signal that aborts at the first SIGINT, SIGTERM or SIGHUP (a lost SSH connection). Its reason
 * is the `Failure` with which the run must end. A second signal ends the process as usual.
 */
export function createTerminationSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => controller.abort(new Failure(name, `ended by ${name}`)));
  }
  return controller.signal;
}

/** Calls `report` for an uncaught error: Bun would exit with 1, the status for a difference. */
export function onCrash(report: (error: unknown) => void): void {
  process.once("uncaughtException", report);
  process.once("unhandledRejection", report);
}
