import type { Host } from "../host/host.ts";
import { isBindable } from "../imds/protocol/endpoint.ts";
import { splitEndpoint } from "../model/ip.ts";
import { probePath } from "./probe-path.ts";
import type { ImdsSettings } from "../imds/protocol/settings.ts";
import type { AddLeasedAddress } from "./with-leases.ts";
import { bindHint, describeBindError } from "../imds/connect/paths.ts";
import { type LinkState, chooseSource } from "../model/link.ts";
import { type ProbeStep, emptyProbe, type PathProbe } from "../model/probe.ts";

/** One probe per endpoint, through a NIC, or over kernel routing if `link` is null. */
export interface LinkProbes {
  readonly link: LinkState | null;
  readonly probes: readonly PathProbe[];
}

export interface ProbePathsOptions {
  readonly settings: ImdsSettings;
  readonly links: readonly LinkState[];
  readonly deadlineMs: number;
  readonly stop: AbortSignal;
  readonly addLeasedAddress: AddLeasedAddress;
  /** Endpoints that a route forbids, so that they are not probed through a NIC. */
  readonly forbidden?: readonly string[];
  /** Called after the probe of each path. */
  readonly onProbe?: (link: LinkState | null, probe: PathProbe) => void;
}

type ProbeHost = Pick<Host, "bind" | "clock" | "http" | "log">;

/**
 * Probes each endpoint through each NIC, all at the same time. If the settings name no NIC, also
 * probes over kernel routing, which can use devices that are built on NICs (a bridge, a bond, a
 * VRF). An endpoint with a host name or on loopback is probed only over kernel routing. If this
 * process cannot bind to NICs, this is true for every endpoint, with a warning. Throws the reason
 * of `stop`.
 */
export async function probePaths(
  host: ProbeHost,
  options: ProbePathsOptions,
): Promise<readonly LinkProbes[]> {
  const { links, forbidden = [] } = options;
  const { endpoints, nic } = options.settings;
  const unbindable = endpoints.filter((endpoint) => !isBindable(endpoint));
  const bindable = endpoints.filter(isBindable);
  const [first] = links;
  const bindError =
    bindable.length === 0 || first === undefined ? null : await findBindError(host, first);
  if (bindError !== null) {
    host.log.warn(`${describeBindError(bindError)}, so only the default route is probed`, bindHint);
  }
  const byRouting = bindError === null && nic !== null ? unbindable : endpoints;
  const byNic = bindError === null ? bindable.filter((each) => !forbidden.includes(each)) : [];
  return Promise.all([
    ...(byRouting.length === 0 ? [] : [probeRouting(host, byRouting, options)]),
    ...links.map((link) => probeNic(host, link, byNic, options)),
  ]);
}

async function findBindError(host: ProbeHost, { name }: LinkState): Promise<string | null> {
  const transport = await host.bind({ nic: name, sources: [], connectMs: 0 });
  if (typeof transport === "string") return transport;
  transport.close();
  return null;
}

async function probeRouting(
  host: ProbeHost,
  endpoints: readonly string[],
  { settings, deadlineMs, stop, onProbe }: ProbePathsOptions,
): Promise<LinkProbes> {
  const limitMs = limitConnectMs(host, settings, deadlineMs);
  const probeEndpoint = async (endpoint: string): Promise<PathProbe> => {
    const target = { endpoint, nic: null, transport: host.http, deadlineMs };
    const timeout = await detectConnectTimeout(host, endpoint, limitMs);
    stop.throwIfAborted();
    const probe =
      timeout === null
        ? await probePath(host, target, settings, stop)
        : { ...emptyProbe(endpoint), connect: timeout };
    onProbe?.(null, probe);
    return probe;
  };
  return { link: null, probes: await Promise.all(endpoints.map(probeEndpoint)) };
}

/**
 * Returns a connect that timed out, or null if the request will show the result. Without this
 * check, a path that drops all packets would take longer over kernel routing than through a NIC.
 */
async function detectConnectTimeout(
  { http, clock }: ProbeHost,
  endpoint: string,
  limitMs: number,
): Promise<ProbeStep | null> {
  if (http.canConnect === null) return null;
  const { host: address, port } = splitEndpoint(endpoint);
  const startMs = clock.now();
  const isConnected = await http.canConnect(address, port, limitMs);
  const ms = Math.round(clock.now() - startMs);
  return isConnected || ms < Math.floor(limitMs) ? null : { outcome: "ETIMEDOUT", ms };
}

function limitConnectMs({ clock }: ProbeHost, settings: ImdsSettings, deadlineMs: number): number {
  return Math.max(1, Math.min(settings.connectMs, deadlineMs - clock.now()));
}

/** Sends nothing if the link is down, has no carrier or has no address of the endpoint's family. */
async function probeNic(
  host: ProbeHost,
  original: LinkState,
  endpoints: readonly string[],
  { settings, deadlineMs, stop, addLeasedAddress, onProbe }: ProbePathsOptions,
): Promise<LinkProbes> {
  const link = endpoints.length === 0 ? original : await addLeasedAddress(original, deadlineMs);
  const connectMs = limitConnectMs(host, settings, deadlineMs);
  const probeEndpoint = async (endpoint: string): Promise<PathProbe> => {
    const { name: nic, addresses: sources } = link;
    const hasNoSource = chooseSource(splitEndpoint(endpoint).host, sources) === null;
    if (!link.isUp || !link.hasCarrier || hasNoSource) return emptyProbe(endpoint);
    const transport = await host.bind({ nic, sources, connectMs });
    if (typeof transport === "string") return emptyProbe(endpoint);
    try {
      const target = { endpoint, nic, transport, deadlineMs };
      const probe = await probePath(host, target, settings, stop);
      onProbe?.(link, probe);
      return probe;
    } finally {
      transport.close();
    }
  };
  return { link, probes: await Promise.all(endpoints.map(probeEndpoint)) };
}
