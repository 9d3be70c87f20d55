import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { type ImdsSettings, imdsSettings } from "../imds/protocol/settings.ts";
import { readPath } from "./routes.ts";
import { addressOf, familyOf, isLoopback } from "../imds/protocol/endpoint.ts";
import type { LinkState, Ranking } from "../model/link.ts";
import { isReached, type WayProbe } from "../model/probe.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { probeWays, type WaysToProbe } from "./probe-paths.ts";
import { routesTo } from "../imds/connect/rank-links.ts";
import { withLeases } from "../imds/connect/ephemeral-leases.ts";
import { rankCandidates } from "../inspect/links/rank.ts";
import { readLinkStates } from "../inspect/links/link-states.ts";

export interface First {
  readonly nic: string;
  readonly probe: WayProbe;
}

/**
 * The first NIC over which IMDS answers; the rest is not waited for. null: none before the deadline.
 * Throws `UNAVAILABLE` at once where IMDS is switched off: no time helps then.
 */
export async function findFirst(host: Host, options: ProbeNicsOptions): Promise<First | null> {
  const settings = imdsSettings(options, host.env);
  const deadlineMs = host.clock.now() + settings.timeoutMs;
  const { retries } = settings;
  return untilFound(host, { deadlineMs, retries }, async () => {
    const { candidates, others } = await nicsToProbe(host, settings.nic);
    const links = candidates.map(({ link }) => link);
    // as `fetch` has it: past a route that forbids IMDS, a NIC is asked only where it is named
    const { forbidden } = await routesTo(host, settings.nic === null ? settings.endpoints : [], []);
    const found = await withLeases(host, settings, host.log.verbose, (lend) =>
      raceWays(host, settings, { links, lend, deadlineMs, forbidden }),
    );
    if (found === null) return null;
    const all = [...candidates, ...others].map(({ link }) => link);
    return { nic: await nameOf(host, found, all), probe: found.probe };
  });
}

interface Found {
  readonly link: LinkState | null;
  readonly probe: WayProbe;
}

async function raceWays(
  host: Host,
  settings: ImdsSettings,
  field: Pick<WaysToProbe, "links" | "lend" | "deadlineMs" | "forbidden">,
): Promise<Found | null> {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Found>();
  let isOff = false;
  const onProbe = (link: LinkState | null, probe: WayProbe): void => {
    if (isReached(probe)) resolve({ link, probe });
    if (probe.token?.outcome === "403") isOff = true;
  };
  const stop = AbortSignal.any([host.signal, over.signal]);
  const all = probeWays(host, { settings, ...field, stop, onProbe }).then(() => null);
  const found = await Promise.race([promise, all]);
  over.abort(new Error("the race is over"));
  all.catch(() => undefined); // the losers are cut short
  if (found === null && isOff) {
    const hint = "ec2nic probe-nics says what switches it on";
    throw new Failure("UNAVAILABLE", "imds answers 403: it is switched off", { hint });
  }
  return found;
}

/**
 * By the kernel's own routing: the link that it leads through. Throws `UNAVAILABLE` where nobody
 * tells which that is.
 */
async function nameOf(
  host: Pick<Host, "exec" | "lookUpRoute">,
  { link, probe: { endpoint } }: Found,
  links: readonly LinkState[],
): Promise<string> {
  if (link !== null) return link.name;
  if (isLoopback(endpoint)) return "lo";
  const { host: address } = addressOf(endpoint);
  if (familyOf(endpoint) !== null) {
    const { route } = await readPath(host, { nic: null, address, source: null });
    if (route?.kind === "way" && route.nic !== null) return route.nic;
    const { routed } = await routesTo(host, [endpoint], links); // there may be no ip
    if (routed !== null) return routed;
  }
  const hint = "name the endpoint by its address, and install iproute2";
  throw new Failure("UNAVAILABLE", `${endpoint} answers, through a nic that is not known`, {
    hint,
  });
}

/**
 * The NICs that are asked, best first, and why not the others. One that was named is asked whatever
 * it is. Throws `USAGE` where there is no such NIC.
 */
export async function nicsToProbe(
  host: Pick<Host, "addresses" | "files">,
  wish: string | null,
): Promise<Ranking> {
  const ranking = rankCandidates(await readLinkStates(host));
  if (wish === null) return ranking;
  const named = ({ link }: { readonly link: { readonly name: string } }) => link.name === wish;
  const candidates = ranking.candidates.filter(named);
  const asked = ranking.others.filter(named).map((each) => ({ ...each, rank: 1 }));
  if (candidates.length + asked.length > 0) {
    return { candidates: [...candidates, ...asked], others: [] };
  }
  const names = ranking.candidates.map(({ link }) => link.name).join(", ");
  const hint = names === "" ? "there is no NIC at all" : `there are: ${names}`;
  throw new Failure("USAGE", `--interface ${wish}: there is no such NIC`, { hint });
}

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
