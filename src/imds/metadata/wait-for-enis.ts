import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { MetadataTree } from "../../model/metadata.ts";
import { type ParsedEnis, parseEnis } from "../../eni/parse-enis.ts";
import { readNetwork } from "./read-enis.ts";
import type { ImdsSession } from "../session.ts";

type KnownEnis = Readonly<Record<string, MetadataTree>>;

const firstDelayMs = 200;
const maxDelayMs = 2000;
/** Less than this before the deadline, another look has no chance. */
const minReadMs = 50;

/** What the machine shows, and wants. */
export interface NicPresence {
  /** What is not awaited holds nobody up. */
  readonly isAwaited: (mac: string) => boolean;
  /** The MACs of the NICs that are here now. */
  readonly readPresentMacs: () => Promise<ReadonlySet<string>>;
}

/**
 * Asks until every ENI that IMDS lists is whole, or the deadline: then `incomplete` says what is
 * missing. An ENI that was whole once is not asked for again. Throws what `ImdsSession.get` throws
 * while nothing is known yet.
 */
export async function waitForEnis(
  host: Pick<Host, "clock" | "log" | "signal">,
  session: ImdsSession,
  { isAwaited, readPresentMacs }: NicPresence,
): Promise<ParsedEnis> {
  let known: KnownEnis = {};
  let found: ParsedEnis | null = null;
  for (let tries = 1; ; tries += 1) {
    const result: ReadResult | null = await readOnce(session, known, readPresentMacs).catch(
      ignoreTransientIfKnown(found),
    );
    if (result === null) break;
    ({ known, found } = result);
    const reason = findAwaitedReason(result.found, isAwaited);
    const leftMs = session.deadlineMs - host.clock.now();
    if (reason === null || leftMs < minReadMs) break;
    host.log.verbose(`metadata is not complete: ${reason}`);
    host.log.waiting({ what: "metadata", reason, tries, deadlineMs: session.deadlineMs });
    await host.clock.sleep(Math.min(retryDelayMs(tries), leftMs / 2), host.signal);
  }
  host.log.waiting(null);
  if (found === null) throw new Error("a look gives something or throws");
  if (found.missing === null) return found;
  throw new Failure("TEMPFAIL", `${found.missing}: what is attached is not known yet`, {
    hint: "run it again",
  });
}

function findAwaitedReason(
  { missing, incomplete }: ParsedEnis,
  isAwaited: (mac: string) => boolean,
): string | null {
  const first = incomplete.find(({ mac }) => isAwaited(mac));
  return missing ?? (first === undefined ? null : `${first.mac}: ${first.reason}`);
}

function retryDelayMs(tries: number): number {
  return Math.min(maxDelayMs, firstDelayMs * 1.5 ** Math.min(tries - 1, 20));
}

interface ReadResult {
  readonly known: KnownEnis;
  readonly found: ParsedEnis;
}

async function readOnce(
  session: ImdsSession,
  known: KnownEnis,
  readPresentMacs: NicPresence["readPresentMacs"],
): Promise<ReadResult> {
  const presentMacs = readPresentMacs();
  const {
    mac,
    hasMacs,
    enis,
    incomplete: unreadable,
  } = await readNetwork(session, { known, presentMacs: presentMacs });
  const primary = mac === null ? {} : { mac };
  const reasons = { ...unreadable, ...findInvalidEnis(primary, enis) };
  // what cannot be used yet is listed all the same, with nothing in it that could be believed
  const placeholders = Object.fromEntries(Object.keys(reasons).map((late) => [late, {}]));
  const macs = hasMacs ? { network: { interfaces: { macs: { ...enis, ...placeholders } } } } : {};
  const parsed = parseEnis({ ...primary, ...macs }, await presentMacs);
  const incomplete = parsed.incomplete.map((eni) => {
    return { ...eni, reason: reasons[eni.mac] ?? eni.reason };
  });
  const isComplete = (name: string): boolean => incomplete.every((eni) => eni.mac !== name);
  const complete = Object.entries(enis).filter(([name]) => isComplete(name));
  return { known: Object.fromEntries(complete), found: { ...parsed, incomplete } };
}

/** ENIs with a leaf that is no metadata (yet: some are empty before they arrive), and which. */
function findInvalidEnis(
  primary: { readonly mac?: string },
  enis: Readonly<Record<string, MetadataTree>>,
): Readonly<Record<string, string>> {
  const invalid = Object.entries(enis).map(([name, eni]) => {
    try {
      parseEnis({ ...primary, network: { interfaces: { macs: { [name]: eni } } } });
      return [];
    } catch (error) {
      if (error instanceof Failure) return [[name, error.message] as const];
      throw error;
    }
  });
  return Object.fromEntries(invalid.flat());
}

/** What is known already is worth more than the error of a later look at what is missing. */
function ignoreTransientIfKnown(found: ParsedEnis | null): (error: unknown) => null {
  return (error) => {
    const isTransient = error instanceof Failure && ["UNAVAILABLE", "DATAERR"].includes(error.kind);
    if (found === null || !isTransient) throw error;
    return null;
  };
}
