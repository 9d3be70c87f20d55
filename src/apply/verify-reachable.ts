import { Failure } from "../exit.ts";
import type { FileHost, Host } from "../host/host.ts";
import { readDefaultRoutes } from "../inspect/kernel/default-routes.ts";
import type { Reachability } from "../model/run-records.ts";
import { formatMs } from "../model/text.ts";

/** What made the machine reachable before the first change, and must do so afterwards. */
export interface RequiredReachability extends Reachability {
  /** Whether IMDS answers; null: it was not asked before, so it is not required. */
  readonly imdsAnswers: (() => Promise<boolean>) | null;
}

/** A new DHCP lease for the primary NIC takes seconds; longer means that it is unreachable. */
const maxReachableWaitMs = 20_000;
const pollIntervalMs = 250;
/** A daemon answers before it is done: a route that exists at once may disappear a moment later. */
const stableMs = 1000;

/**
 * Waits until the machine is as reachable as before, and stays so for a second: a default route over
 * the same link, and IMDS answers. Returns an `OSERR` with the reason if that is not so within 20 s;
 * null: it is reachable.
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
    // asking IMDS takes a token and a value: only until it answers, and at the end
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
    const reason = missing ?? "reachable; checking that it stays so for 1 s";
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
