import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { describeMs } from "../model/text.ts";
import { readDefaultRoutes } from "../inspect/kernel/default-routes.ts";
import type { Stood } from "../model/plan.ts";

/** What made the machine reachable before anything was changed: it must stand afterwards. */
export interface Standing extends Stood {
  /** Whether IMDS answers; null: it was not asked before, so nothing is demanded. */
  readonly imdsAnswers: (() => Promise<boolean>) | null;
}

/** DHCP on the primary may be taken anew: that takes seconds, and longer is broken. */
const patienceMs = 20_000;
const askAgainMs = 250;
/** A daemon answers before it is done: what stands at once may fall a moment later. */
const settleMs = 1000;

/**
 * Waits until the machine is, and for a second stays, as reachable as it was: a default route over
 * the same link, and IMDS answers. Gives the reason where it is not within 20 s; null: it is.
 */
export async function awaitStanding(
  host: Pick<Host, "clock" | "files" | "log" | "signal">,
  before: Standing,
): Promise<Failure | null> {
  const startMs = host.clock.now();
  const deadlineMs = startMs + patienceMs;
  let standsSinceMs: number | null = null;
  for (let tries = 1; ; tries += 1) {
    const isLast: boolean = standsSinceMs !== null && host.clock.now() - standsSinceMs >= settleMs;
    // a look at IMDS is a token and a value: the first that can answer, and the last
    const missing = await missingOf(host, before, standsSinceMs === null || isLast);
    standsSinceMs = missing === null ? (standsSinceMs ?? host.clock.now()) : null;
    if (missing === null && isLast) {
      host.log.waiting(null);
      host.log.verbose(`reachable as before, after ${describeMs(host.clock.now() - startMs)}`);
      return null;
    }
    if (missing !== null && host.clock.now() >= deadlineMs) {
      return new Failure("OSERR", `${missing} (${describeMs(patienceMs)} after activation)`);
    }
    const reason = missing ?? "it stands; will it stay?";
    host.log.waiting({ what: "the network", reason, tries, deadlineMs });
    await host.clock.sleep(askAgainMs, host.signal);
  }
}

async function missingOf(
  host: Pick<Host, "files">,
  before: Standing,
  withImds: boolean,
): Promise<string | null> {
  const now = await readDefaultRoutes(host, before.link);
  for (const family of ["ipv4", "ipv6"] as const) {
    if (before.routes[family] && !now[family]) {
      return `the ${family} default route over ${before.link} is gone`;
    }
  }
  if (!withImds || before.imdsAnswers === null || (await before.imdsAnswers())) return null;
  return "imds no longer answers";
}
