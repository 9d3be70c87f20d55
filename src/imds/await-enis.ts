import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { MetadataTree } from "../net/metadata-tree.ts";
import { type ParsedEnis, parseEnis } from "./parse-enis.ts";
import { readNetwork } from "./read-network.ts";
import type { ImdsSession } from "./session.ts";

type Known = Readonly<Record<string, MetadataTree>>;

const firstDelayMs = 200;
const longestDelayMs = 2000;
/** Less than this before the deadline, another look has no chance. */
const leastLookMs = 50;

/**
 * Asks until every ENI that IMDS lists is whole, or the deadline: then `incomplete` says what is
 * missing. An ENI that was whole once is not asked for again. Throws what `ImdsSession.get` throws
 * while nothing is known yet.
 */
export async function awaitEnis(
  host: Pick<Host, "clock" | "log" | "signal">,
  session: ImdsSession,
): Promise<ParsedEnis> {
  let known: Known = {};
  let found: ParsedEnis | null = null;
  for (let tries = 1; ; tries += 1) {
    const look: Look | null = await lookOnce(session, known).catch(unlessKnown(found));
    if (look === null) break;
    ({ known, found } = look);
    const [first] = look.found.incomplete;
    const leftMs = session.deadlineMs - host.clock.now();
    if (first === undefined || leftMs < leastLookMs) break;
    const reason = `${first.mac}: ${first.reason}`;
    host.log.verbose(`metadata is not complete: ${reason}`);
    host.log.waiting({ what: "metadata", reason, tries, deadlineMs: session.deadlineMs });
    const delayMs = Math.min(
      longestDelayMs,
      firstDelayMs * 1.5 ** Math.min(tries - 1, 20),
      leftMs / 2,
    );
    await host.clock.sleep(delayMs, host.signal);
  }
  host.log.waiting(null);
  if (found === null) throw new Error("a look gives something or throws");
  return found;
}

interface Look {
  readonly known: Known;
  readonly found: ParsedEnis;
}

async function lookOnce(session: ImdsSession, known: Known): Promise<Look> {
  const { mac, enis, notYet } = await readNetwork(session, known);
  const listed = { ...enis, ...Object.fromEntries(Object.keys(notYet).map((late) => [late, {}])) };
  const parsed = parseEnis({
    ...(mac === null ? {} : { mac }),
    network: { interfaces: { macs: listed } },
  });
  const incomplete = parsed.incomplete.map((eni) => ({
    ...eni,
    reason: notYet[eni.mac] ?? eni.reason,
  }));
  const whole = Object.entries(enis).filter(
    ([name]) => !incomplete.some((eni) => eni.mac === name),
  );
  return { known: Object.fromEntries(whole), found: { ...parsed, incomplete } };
}

/** What is known already is worth more than the error of a later look at what is missing. */
function unlessKnown(found: ParsedEnis | null): (error: unknown) => null {
  return (error) => {
    const isPassing = error instanceof Failure && ["UNAVAILABLE", "DATAERR"].includes(error.kind);
    if (found === null || !isPassing) throw error;
    return null;
  };
}
