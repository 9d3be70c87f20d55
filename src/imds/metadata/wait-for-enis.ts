import { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { type ParsedEnis, parseEnis, type ParseOptions } from "../../eni/parse-enis.ts";
import type { ConfiguredSlot } from "../../eni/settled.ts";
import { finalQuietMs, settledQuietMs } from "../../eni/quiet-times.ts";
import { isTransientFailure } from "../protocol/answer.ts";
import { type EniFolders, type NetworkReading, readNetwork } from "./read-enis.ts";
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
  /** The slots of the NICs that are configured already. */
  readonly occupied: readonly ConfiguredSlot[];
}

type WaitHost = Pick<Host, "clock" | "log" | "signal">;

/**
 * Reads the ENIs again and again, until every awaited ENI that IMDS lists is complete, or waiting
 * does not help any more, or the deadline has come. Then `incomplete` says what is missing. Throws
 * `TEMPFAIL` if the list of ENIs is missing at the deadline, and what `ImdsSession.get` throws
 * during the first reading.
 */
export async function waitForEnis(
  host: WaitHost,
  session: ImdsSession,
  presence: NicPresence,
): Promise<ParsedEnis> {
  const found = await readUntilDecided(host, session, presence);
  host.log.waiting(null);
  if (found.missing === null) return found;
  const reason = `${found.missing}, so the attached ENIs are not known yet`;
  throw new Failure("TEMPFAIL", reason, { hint: "run the command again" });
}

async function readUntilDecided(
  host: WaitHost,
  session: ImdsSession,
  presence: NicPresence,
): Promise<ParsedEnis> {
  let last: TimedReading | null = null;
  for (let tries = 1; ; tries += 1) {
    const reading: EniReading | null = await readOnce(
      session,
      last?.reading.known ?? {},
      presence,
    ).catch(ignoreTransientIfKnown(last !== null));
    const nowMs = host.clock.now();
    if (reading !== null) last = addReading(last, reading, nowMs);
    if (last === null) throw new Error("the first reading gives something or throws");
    const { found, reason } = decide(last, presence);
    const leftMs = session.deadlineMs - nowMs;
    if (reason === null || reading === null || leftMs < minReadMs) return found;
    host.log.verbose(`the metadata is not complete: ${reason}`);
    host.log.waiting({ what: "metadata", reason, tries, deadlineMs: session.deadlineMs });
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 1.5 ** Math.min(tries - 1, 20));
    await host.clock.sleep(Math.min(delayMs, leftMs / 2), host.signal);
  }
}

/** The last reading. Time in which IMDS did not answer does not count. */
interface TimedReading {
  readonly reading: EniReading;
  /** For how long the metadata has not changed. */
  readonly quietMs: number;
  readonly changedMs: number;
}

function addReading(last: TimedReading | null, reading: EniReading, nowMs: number): TimedReading {
  const isSame = last?.reading.content === reading.content;
  const changedMs = isSame ? (last?.changedMs ?? nowMs) : nowMs;
  return { reading, changedMs, quietMs: nowMs - changedMs };
}

/** What to configure after a reading, and why it should be read again; null if it should not. */
function decide(
  { reading: { parse }, quietMs }: TimedReading,
  { isAwaited }: NicPresence,
): { readonly found: ParsedEnis; readonly reason: string | null } {
  const isQuiet = quietMs >= settledQuietMs;
  const isFinal = quietMs >= finalQuietMs;
  const parsed = parse(isQuiet);
  const first = parsed.incomplete.find(({ mac }) => isAwaited(mac));
  const incompleteReason = first === undefined ? null : `${first.mac}: ${first.reason}`;
  const incomplete = isFinal
    ? parsed.incomplete
    : parsed.incomplete.map(({ mac, isPrimary, reason }) => ({ mac, isPrimary, reason }));
  const found = { ...parsed, incomplete };
  return { found, reason: parsed.missing ?? (isFinal ? null : incompleteReason) };
}

interface EniReading {
  /** The ENIs that are complete, and need not be read again. */
  readonly known: EniFolders;
  /** All that was read, to see whether it changes. */
  readonly content: string;
  /** `isSettled`: as in `ParseOptions`. */
  readonly parse: (isSettled: boolean) => ParsedEnis;
}

async function readOnce(
  session: ImdsSession,
  known: EniFolders,
  { readPresentMacs, occupied }: NicPresence,
): Promise<EniReading> {
  const presentMacs = readPresentMacs();
  const reading = await readNetwork(session, { known, presentMacs });
  const options = { presentMacs: await presentMacs, occupied };
  const parse = (isSettled: boolean) => parseReading(reading, { ...options, isSettled });
  const { incomplete } = parse(false);
  const isComplete = (name: string): boolean => incomplete.every((eni) => eni.mac !== name);
  const complete = Object.entries(reading.enis).filter(([name]) => isComplete(name));
  return { known: Object.fromEntries(complete), content: JSON.stringify(reading), parse };
}

function parseReading(
  { mac, hasMacs, enis, withoutFolder }: NetworkReading,
  options: ParseOptions,
): ParsedEnis {
  // an ENI without a folder is an empty folder for `parseEnis`
  const placeholders = Object.fromEntries(withoutFolder.map((name) => [name, {}]));
  const macs = hasMacs ? { network: { interfaces: { macs: { ...enis, ...placeholders } } } } : {};
  const parsed = parseEnis({ ...(mac === null ? {} : { mac }), ...macs }, options);
  const incomplete = parsed.incomplete.map((eni) => {
    return withoutFolder.includes(eni.mac)
      ? { ...eni, reason: "its folder is still missing" }
      : eni;
  });
  return { ...parsed, incomplete };
}

/** A transient error of a later reading ends the wait, and the earlier reading is the result. */
function ignoreTransientIfKnown(isKnown: boolean): (error: unknown) => null {
  return (error) => {
    if (!isKnown || !isTransientFailure(error)) throw error;
    return null;
  };
}
