import type { Host } from "../host/host.ts";

const firstPauseMs = 100;
const longestPauseMs = 2000;

/** In less than this nothing is found any more. */
const leastLookMs = 50;

/** Looks again and again, with growing pauses, until something is found; null: not in time. */
export async function untilFound<T>(
  host: Pick<Host, "clock" | "log" | "signal">,
  { deadlineMs, retries }: { readonly deadlineMs: number; readonly retries: number },
  look: () => Promise<T | null>,
): Promise<T | null> {
  for (let tries = 1; ; tries += 1) {
    const found = await look();
    if (found !== null) return found;
    host.signal.throwIfAborted();
    const leftMs = deadlineMs - host.clock.now();
    if (leftMs < leastLookMs || tries > retries) return null;
    const ceiling = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 10));
    const pauseMs = Math.min(leftMs / 2, ceiling * (0.5 + host.clock.random() / 2));
    const reason = "no NIC reaches it";
    host.log.verbose(`look ${tries}: ${reason}; looking again in ${Math.round(pauseMs)} ms`);
    host.log.waiting({ what: "instance metadata", reason, tries, deadlineMs });
    await host.clock.sleep(pauseMs, host.signal);
  }
}
