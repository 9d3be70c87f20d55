import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import { type ImdsSettings, imdsSettings } from "../imds/protocol/settings.ts";
import { untilFound } from "./until-found.ts";
import { readPath } from "./read-path.ts";
import { addressOf, familyOf, isLoopback } from "../imds/protocol/endpoint.ts";
import type { LinkState } from "../model/link-state.ts";
import { isReached, type WayProbe } from "../model/way-probe.ts";
import { nicsToProbe } from "./nics-to-probe.ts";
import type { ProbeNicsOptions } from "./options.ts";
import { probeWays, type WaysToProbe } from "./probe-paths.ts";
import { routesTo } from "../imds/connect/routes-to.ts";
import { withLeases } from "../imds/connect/with-leases.ts";

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
