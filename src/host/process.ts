import { Failure } from "../exit.ts";

/**
 * A signal that is aborted at the first SIGINT, SIGTERM or SIGHUP (a lost SSH connection); its
 * reason is the `Failure` to end with. A second signal ends the process as usual.
 */
export function createTerminationSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => controller.abort(new Failure(name, `ended by ${name}`)));
  }
  return controller.signal;
}

/** Calls `report` for an error that nothing has caught: Bun would exit with 1, which means a difference. */
export function onCrash(report: (error: unknown) => void): void {
  process.once("uncaughtException", report);
  process.once("unhandledRejection", report);
}
