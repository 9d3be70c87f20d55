import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { formatMs } from "../model/text.ts";
import { readDefaultRoutes } from "../inspect/kernel/default-routes.ts";
import type { Reachability } from "../model/run-records.ts";

/** What made the machine reachable before anything was changed: it must stand afterwards. */
export interface RequiredReachability extends Reachability {
  /** Whether IMDS answers; null: it was not asked before, so nothing is demanded. */
  readonly imdsAnswers: (() => Promise<boolean>) | null;
}

/** DHCP on the primary may be taken anew: that takes seconds, and longer is broken. */
const maxReachableWaitMs = 20_000;
const pollIntervalMs = 250;
/** A daemon answers before it is done: what stands at once may fall a moment later. */
const stableMs = 1000;

/**
 * Waits until the machine is, and for a second stays, as reachable as it was: a default route over
 * the same link, and IMDS answers. Gives the reason where it is not within 20 s; null: it is.
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
    // a look at IMDS is a token and a value: the first that can answer, and the last
    const missing = await describeMissing(host, required, reachableSinceMs === null || isLast);
    reachableSinceMs = missing === null ? (reachableSinceMs ?? host.clock.now()) : null;
    if (missing === null && isLast) {
      host.log.waiting(null);
      host.log.verbose(`reachable as before, after ${formatMs(host.clock.now() - startMs)}`);
      return null;
    }
    if (missing !== null && host.clock.now() >= deadlineMs) {
      return new Failure("OSERR", `${missing} (${formatMs(maxReachableWaitMs)} after activation)`);
    }
    const reason = missing ?? "it stands; will it stay?";
    host.log.waiting({ what: "the network", reason, tries, deadlineMs });
    await host.clock.sleep(pollIntervalMs, host.signal);
  }
}

async function describeMissing(
  host: Pick<Host, "files">,
  required: RequiredReachability,
  withImds: boolean,
): Promise<string | null> {
  const now = await readDefaultRoutes(host, required.link);
  for (const family of ["ipv4", "ipv6"] as const) {
    if (required.routes[family] && !now[family]) {
      return `the ${family} default route over ${required.link} is gone`;
    }
  }
  if (!withImds || required.imdsAnswers === null || (await required.imdsAnswers())) return null;
  return "imds no longer answers";
}
