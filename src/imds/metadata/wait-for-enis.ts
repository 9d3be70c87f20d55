import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { type ParsedEnis, parseEnis } from "../../eni/parse-enis.ts";
import { isTransientFailure } from "../protocol/answer.ts";
import { type EniFolders, readNetwork } from "./read-enis.ts";
import type { ImdsSession } from "../session.ts";

const firstDelayMs = 200;
const maxDelayMs = 2000;
/** If less time than this is left, another reading cannot succeed. */
const minReadMs = 50;

export interface NicPresence {
  /** Whether to wait for this ENI if it is incomplete. */
  readonly isAwaited: (mac: string) => boolean;
  /** The MACs of the NICs that the machine has now. */
  readonly readPresentMacs: () => Promise<ReadonlySet<string>>;
}

/**
 * Reads the ENIs again and again, until every awaited ENI that IMDS lists is complete or the
 * deadline has come. Then `incomplete` says what is missing. Throws `TEMPFAIL` if the list of ENIs
 * is missing at the deadline, and what `ImdsSession.get` throws during the first reading.
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
    host.log.verbose(`the metadata is not complete: ${reason}`);
    host.log.waiting({ what: "metadata", reason, tries, deadlineMs: session.deadlineMs });
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 1.5 ** Math.min(tries - 1, 20));
    await host.clock.sleep(Math.min(delayMs, leftMs / 2), host.signal);
  }
  host.log.waiting(null);
  if (found === null) throw new Error("the first reading gives something or throws");
  if (found.missing === null) return found;
  const reason = `${found.missing}, so the attached ENIs are not known yet`;
  throw new Failure("TEMPFAIL", reason, { hint: "run the command again" });
}

function findAwaitedReason(
  { missing, incomplete }: ParsedEnis,
  isAwaited: (mac: string) => boolean,
): string | null {
  const first = incomplete.find(({ mac }) => isAwaited(mac));
  return missing ?? (first === undefined ? null : `${first.mac}: ${first.reason}`);
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
  // an ENI that cannot be used yet is an empty folder for `parseEnis`
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

/** By MAC, the error in the leaves of an ENI: some leaves are empty at first. */
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

/** A transient error of a later reading ends the wait, and the earlier reading is the result. */
function ignoreTransientIfKnown(found: ParsedEnis | null): (error: unknown) => null {
  return (error) => {
    if (found === null || !isTransientFailure(error)) throw error;
    return null;
  };
}
