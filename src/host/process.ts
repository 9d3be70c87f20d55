import { Failure } from "../exit.ts";

/**
 * A signal that aborts at the first SIGINT, SIGTERM or SIGHUP (a lost SSH connection), with the
 * `Failure` to end with as reason. The second one ends the process as usual.
 */
export function createTerminationSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(name, () => controller.abort(new Failure(name, `ended by ${name}`)));
  }
  return controller.signal;
}

/** Has `tell` told of what nobody caught: by itself Bun would end with 1, which means something. */
export function onCrash(report: (error: unknown) => void): void {
  process.once("uncaughtException", report);
  process.once("unhandledRejection", report);
}
