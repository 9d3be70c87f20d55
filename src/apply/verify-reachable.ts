import { Failure } from "../exit.ts";
import type { FileHost, Host } from "../host/host.ts";
import { readDefaultRoutes } from "../inspect/kernel/default-routes.ts";
import type { Reachability } from "../model/run-records.ts";
import { formatMs } from "../model/text.ts";

/** What made the machine reachable before the first change, and must exist again afterwards. */
export interface RequiredReachability extends Reachability {
  /** Whether IMDS answers; null if IMDS was not used before, so that it is not required. */
  readonly imdsAnswers: (() => Promise<boolean>) | null;
}

/** A new DHCP lease takes seconds. After this time, the machine counts as unreachable. */
const maxReachableWaitMs = 20_000;
const pollIntervalMs = 250;
/** A daemon answers before it has finished, so a route can still disappear a moment later. */
const stableMs = 1000;

/**
 * Waits until the machine is as reachable as before, for at least one second: the same link has a
 * default route, and IMDS answers. Returns null, or an `OSERR` with the reason if the machine is
 * not reachable within 20 s.
 */
export async function verifyReachable(
  host: Pick<Host, "clock" | "files" | "log" | "signal">,
  required: RequiredReachability,
): Promise<Failure | null> {
  const startMs = host.clock.now();
  const deadlineMs = startMs + maxReachableWaitMs;
  let reachableSinceMs: number | null = null;
  for (let tries = 1; ; tries += 1) {
    const isLast: boolean =
      reachableSinceMs !== null && host.clock.now() - reachableSinceMs >= stableMs;
    // a check of IMDS costs two requests, so after the first success it is done only at the end
    const missing = await describeMissing(host, required, reachableSinceMs === null || isLast);
    reachableSinceMs = missing === null ? (reachableSinceMs ?? host.clock.now()) : null;
    if (missing === null && isLast) {
      host.log.waiting(null);
      host.log.verbose(`reachable as before, after ${formatMs(host.clock.now() - startMs)}`);
      return null;
    }
    if (missing !== null && host.clock.now() >= deadlineMs) {
      return new Failure(
        "OSERR",
        `${missing} ${formatMs(maxReachableWaitMs)} after the activation`,
      );
    }
    const reason = missing ?? "reachable; checking for 1 s whether this lasts";
    host.log.waiting({ what: "the network", reason, tries, deadlineMs });
    await host.clock.sleep(pollIntervalMs, host.signal);
  }
}

async function describeMissing(
  host: FileHost,
  { link, routes, imdsAnswers }: RequiredReachability,
  withImds: boolean,
): Promise<string | null> {
  const current = await readDefaultRoutes(host, link);
  for (const family of ["ipv4", "ipv6"] as const) {
    if (routes[family] && !current[family])
      return `the ${family} default route over ${link} is gone`;
  }
  if (!withImds || imdsAnswers === null || (await imdsAnswers())) return null;
  return "IMDS no longer answers";
}
