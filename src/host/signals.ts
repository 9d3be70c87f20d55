import { Failure } from "../exit.ts";

/** A signal that aborts at the first SIGINT or SIGTERM, with the `Failure` to end with as reason. */
export function endingSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(new Failure(name, `ended by ${name}`)));
  }
  return controller.signal;
}
