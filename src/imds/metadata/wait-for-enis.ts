import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { MetadataTree } from "../../model/metadata.ts";
import { type ParsedEnis, parseEnis } from "../../eni/parse-enis.ts";
import { readNetwork } from "./read-enis.ts";
import type { ImdsSession } from "../session.ts";

type Known = Readonly<Record<string, MetadataTree>>;

const firstDelayMs = 200;
const longestDelayMs = 2000;
/** Less than this before the deadline, another look has no chance. */
const leastLookMs = 50;

/** What the machine shows, and wants. */
export interface Machine {
  /** What is not awaited holds nobody up. */
  readonly isAwaited: (mac: string) => boolean;
  /** The MACs of the NICs that are here now. */
  readonly here: () => Promise<ReadonlySet<string>>;
}

/**
 * Asks until every ENI that IMDS lists is whole, or the deadline: then `incomplete` says what is
 * missing. An ENI that was whole once is not asked for again. Throws what `ImdsSession.get` throws
 * while nothing is known yet.
 */
export async function awaitEnis(
  host: Pick<Host, "clock" | "log" | "signal">,
  session: ImdsSession,
  { isAwaited, here }: Machine,
): Promise<ParsedEnis> {
  let known: Known = {};
  let found: ParsedEnis | null = null;
  for (let tries = 1; ; tries += 1) {
    const look: Look | null = await lookOnce(session, known, here).catch(unlessKnown(found));
    if (look === null) break;
    ({ known, found } = look);
    const reason = whyNotYet(look.found, isAwaited);
    const leftMs = session.deadlineMs - host.clock.now();
    if (reason === null || leftMs < leastLookMs) break;
    host.log.verbose(`metadata is not complete: ${reason}`);
    host.log.waiting({ what: "metadata", reason, tries, deadlineMs: session.deadlineMs });
    await host.clock.sleep(Math.min(delayMs(tries), leftMs / 2), host.signal);
  }
  host.log.waiting(null);
  if (found === null) throw new Error("a look gives something or throws");
  if (found.missing === null) return found;
  throw new Failure("TEMPFAIL", `${found.missing}: what is attached is not known yet`, {
    hint: "run it again",
  });
}

function whyNotYet(
  { missing, incomplete }: ParsedEnis,
  isAwaited: (mac: string) => boolean,
): string | null {
  const first = incomplete.find(({ mac }) => isAwaited(mac));
  return missing ?? (first === undefined ? null : `${first.mac}: ${first.reason}`);
}

function delayMs(tries: number): number {
  return Math.min(longestDelayMs, firstDelayMs * 1.5 ** Math.min(tries - 1, 20));
}

interface Look {
  readonly known: Known;
  readonly found: ParsedEnis;
}

async function lookOnce(session: ImdsSession, known: Known, here: Machine["here"]): Promise<Look> {
  const macsHere = here();
  const { mac, isListed, enis, notYet } = await readNetwork(session, { known, here: macsHere });
  const named = mac === null ? {} : { mac };
  const reasons = { ...notYet, ...faultsOf(named, enis) };
  // what cannot be used yet is listed all the same, with nothing in it that could be believed
  const blank = Object.fromEntries(Object.keys(reasons).map((late) => [late, {}]));
  const macs = isListed ? { network: { interfaces: { macs: { ...enis, ...blank } } } } : {};
  const parsed = parseEnis({ ...named, ...macs }, await macsHere);
  const incomplete = parsed.incomplete.map((eni) => {
    return { ...eni, reason: reasons[eni.mac] ?? eni.reason };
  });
  const isWhole = (name: string): boolean => incomplete.every((eni) => eni.mac !== name);
  const whole = Object.entries(enis).filter(([name]) => isWhole(name));
  return { known: Object.fromEntries(whole), found: { ...parsed, incomplete } };
}

/** ENIs with a leaf that is no metadata (yet: some are empty before they arrive), and which. */
function faultsOf(
  named: { readonly mac?: string },
  enis: Readonly<Record<string, MetadataTree>>,
): Readonly<Record<string, string>> {
  const faults = Object.entries(enis).map(([name, eni]) => {
    try {
      parseEnis({ ...named, network: { interfaces: { macs: { [name]: eni } } } });
      return [];
    } catch (error) {
      if (error instanceof Failure) return [[name, error.message] as const];
      throw error;
    }
  });
  return Object.fromEntries(faults.flat());
}

/** What is known already is worth more than the error of a later look at what is missing. */
function unlessKnown(found: ParsedEnis | null): (error: unknown) => null {
  return (error) => {
    const isPassing = error instanceof Failure && ["UNAVAILABLE", "DATAERR"].includes(error.kind);
    if (found === null || !isPassing) throw error;
    return null;
  };
}
