import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { type ParsedEnis, parseEnis } from "../../eni/parse-enis.ts";
import { isTransientFailure } from "../protocol/answer.ts";
import { type EniFolders, readNetwork } from "./read-enis.ts";
import type { ImdsSession } from "../session.ts";

const firstDelayMs = 200;
const maxDelayMs = 2000;
/** Less than this before the deadline, another reading cannot succeed. */
const minReadMs = 50;

/** Which ENIs matter to the machine. */
export interface NicPresence {
  /** Whether an incomplete ENI is a reason to wait. */
  readonly isAwaited: (mac: string) => boolean;
  /** The MACs of the machine's NICs now. */
  readonly readPresentMacs: () => Promise<ReadonlySet<string>>;
}

/**
 * Reads until every awaited ENI that IMDS lists is complete, or until the deadline: then
 * `incomplete` says what is missing. A complete ENI is not read again. Throws `TEMPFAIL` where the
 * list of ENIs is missing, and what `ImdsSession.get` throws before the first reading.
 */
export async function waitForEnis(
  host: Pick<Host, "clock" | "log" | "signal">,
  session: ImdsSession,
  { isAwaited, readPresentMacs }: NicPresence,
): Promise<ParsedEnis> {
  let known: EniFolders = {};
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
  if (found === null) throw new Error("the first reading gives something or throws");
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
  readonly known: EniFolders;
  readonly found: ParsedEnis;
}

async function readOnce(
  session: ImdsSession,
  known: EniFolders,
  readPresentMacs: NicPresence["readPresentMacs"],
): Promise<ReadResult> {
  const presentMacs = readPresentMacs();
  const { mac, hasMacs, enis, ...late } = await readNetwork(session, { known, presentMacs });
  const primary = mac === null ? {} : { mac };
  const reasons = { ...late.incomplete, ...findInvalidEnis(primary, enis) };
  // an ENI that cannot be used yet is listed, too, but without any leaf
  const placeholders = Object.fromEntries(Object.keys(reasons).map((name) => [name, {}]));
  const macs = hasMacs ? { network: { interfaces: { macs: { ...enis, ...placeholders } } } } : {};
  const parsed = parseEnis({ ...primary, ...macs }, await presentMacs);
  const incomplete = parsed.incomplete.map((eni) => {
    return { ...eni, reason: reasons[eni.mac] ?? eni.reason };
  });
  const isComplete = (name: string): boolean => incomplete.every((eni) => eni.mac !== name);
  const complete = Object.entries(enis).filter(([name]) => isComplete(name));
  return { known: Object.fromEntries(complete), found: { ...parsed, incomplete } };
}

/** ENIs with an invalid leaf, and which: some leaves are empty at first. */
function findInvalidEnis(
  primary: { readonly mac?: string },
  enis: EniFolders,
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

/** A transient error of a later reading ends the wait; what is known stays valid. */
function ignoreTransientIfKnown(found: ParsedEnis | null): (error: unknown) => null {
  return (error) => {
    if (found === null || !isTransientFailure(error)) throw error;
    return null;
  };
}
