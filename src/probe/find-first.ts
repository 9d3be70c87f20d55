import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { type ImdsOptions, parseImdsSettings } from "../imds/protocol/settings.ts";
import { readPathFacts } from "./routes.ts";
import { endpointFamily, isLoopback } from "../imds/protocol/endpoint.ts";
import { splitEndpoint } from "../model/ip.ts";
import type { LinkState, Ranking } from "../model/link.ts";
import { isReached, type PathProbe } from "../model/probe.ts";
import { probePaths, type ProbePathsOptions } from "./probe-paths.ts";
import { lookUpEndpointRoutes } from "../imds/connect/survey-links.ts";
import { withLeases } from "./with-leases.ts";
import { rankCandidates } from "../inspect/links/rank.ts";
import { readLinkStates } from "../inspect/links/link-states.ts";

export interface FirstNic {
  readonly nic: string;
  readonly probe: PathProbe;
}

/**
 * Returns the first NIC through which IMDS answers, without the results of the other NICs, or null
 * at the deadline. Throws `UNAVAILABLE` at once if IMDS is switched off, because waiting does not
 * help.
 */
export async function findFirstNic(host: Host, options: ImdsOptions): Promise<FirstNic | null> {
  const settings = parseImdsSettings(options, host.env);
  const deadlineMs = host.clock.now() + settings.timeoutMs;
  return retryUntilFound(host, { deadlineMs, retries: settings.retries }, async () => {
    const { candidates, others } = await selectNicsToProbe(host, settings.nic);
    const links = candidates.map(({ link }) => link);
    // if a route forbids IMDS, `fetch` uses a NIC only with --interface, and so does this
    const endpoints = settings.nic === null ? settings.endpoints : [];
    const { forbiddenEndpoints: forbidden } = await lookUpEndpointRoutes(host, endpoints, []);
    const reached = await withLeases(host, settings, host.log.verbose, (addLeasedAddress) =>
      racePaths(host, { settings, links, addLeasedAddress, deadlineMs, forbidden }),
    );
    if (reached === null) return null;
    const all = [...candidates, ...others].map(({ link }) => link);
    return { nic: await resolveLinkName(host, reached, all), probe: reached.probe };
  });
}

interface ReachedPath {
  readonly link: LinkState | null;
  readonly probe: PathProbe;
}

async function racePaths(
  host: Host,
  options: Omit<ProbePathsOptions, "stop" | "onProbe">,
): Promise<ReachedPath | null> {
  const raceEnd = new AbortController();
  const { promise, resolve } = Promise.withResolvers<ReachedPath>();
  let isImdsDisabled = false;
  const onProbe = (link: LinkState | null, probe: PathProbe): void => {
    if (isReached(probe)) resolve({ link, probe });
    if (probe.token?.outcome === "403") isImdsDisabled = true;
  };
  const stop = AbortSignal.any([host.signal, raceEnd.signal]);
  const all = probePaths(host, { ...options, stop, onProbe }).then(() => null);
  const reached = await Promise.race([promise, all]);
  raceEnd.abort(new Error("the race is over"));
  all.catch(() => undefined); // the other probes reject with the reason of the abort signal
  if (reached === null && isImdsDisabled) {
    const hint = "ec2nic probe-nics shows how to switch it on";
    throw new Failure("UNAVAILABLE", "IMDS answers 403, because it is switched off", { hint });
  }
  return reached;
}

/** The NIC's name; for kernel routing, the link of the route. Throws `UNAVAILABLE` if unknown. */
async function resolveLinkName(
  host: Pick<Host, "exec" | "lookUpRoute">,
  { link, probe: { endpoint } }: ReachedPath,
  links: readonly LinkState[],
): Promise<string> {
  if (link !== null) return link.name;
  if (isLoopback(endpoint)) return "lo";
  const { host: address } = splitEndpoint(endpoint);
  if (endpointFamily(endpoint) !== null) {
    const { route } = await readPathFacts(host, { nic: null, address, source: null });
    if (route?.kind === "route" && route.nic !== null) return route.nic;
    // this works without the program `ip`
    const { routedLink } = await lookUpEndpointRoutes(host, [endpoint], links);
    if (routedLink !== null) return routedLink;
  }
  const hint =
    endpointFamily(endpoint) === null
      ? "give the endpoint as an IP address, because ec2nic finds no NIC for a host name"
      : "install iproute2, with which ec2nic finds the NIC of the route";
  throw new Failure("UNAVAILABLE", `${endpoint} answers, but through an unknown NIC`, { hint });
}

/**
 * Divides the NICs into those to probe, best first, and the others. `requestedNic` is probed even
 * if it is not a candidate, such as a bridge. Throws `USAGE` if there is no such NIC.
 */
export async function selectNicsToProbe(
  host: Pick<Host, "addresses" | "files">,
  requestedNic: string | null,
): Promise<Ranking> {
  const ranking = rankCandidates(await readLinkStates(host));
  if (requestedNic === null) return ranking;
  const isRequested = ({ link }: { readonly link: LinkState }) => link.name === requestedNic;
  const candidates = ranking.candidates.filter(isRequested);
  const requestedOthers = ranking.others.filter(isRequested).map((each) => ({ ...each, rank: 1 }));
  if (candidates.length + requestedOthers.length > 0) {
    return { candidates: [...candidates, ...requestedOthers], others: [] };
  }
  const names = ranking.candidates.map(({ link }) => link.name).join(", ");
  const hint = names === "" ? "there is no NIC at all" : `there are: ${names}`;
  throw new Failure("USAGE", `--interface ${requestedNic}: there is no such NIC`, { hint });
}

const firstPauseMs = 100;
const maxPauseMs = 2000;

/** A try with less time than this cannot succeed. */
const minTryMs = 50;

/** Calls `tryFind` until it finds something, with growing pauses. Returns null at the deadline. */
export async function retryUntilFound<T>(
  host: Pick<Host, "clock" | "log" | "signal">,
  { deadlineMs, retries }: { readonly deadlineMs: number; readonly retries: number },
  tryFind: () => Promise<T | null>,
): Promise<T | null> {
  for (let tries = 1; ; tries += 1) {
    const found = await tryFind();
    if (found !== null) return found;
    host.signal.throwIfAborted();
    const leftMs = deadlineMs - host.clock.now();
    if (leftMs < minTryMs || tries > retries) return null;
    const ceiling = Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(tries, 10));
    const pauseMs = Math.min(leftMs / 2, ceiling * (0.5 + host.clock.random() / 2));
    const reason = "no NIC reaches IMDS";
    host.log.verbose(`try ${tries}: ${reason}; trying again in ${Math.round(pauseMs)} ms`);
    host.log.waiting({ what: "IMDS", reason, tries, deadlineMs });
    await host.clock.sleep(pauseMs, host.signal);
  }
}
