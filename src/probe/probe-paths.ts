import type { Host } from "../host/host.ts";
import { addressOf, isBindable } from "../imds/protocol/endpoint.ts";
import { probeWay } from "./probe-path.ts";
import type { ImdsSettings } from "../imds/protocol/settings.ts";
import type { Lend } from "../imds/connect/ephemeral-leases.ts";
import { type LinkState, sourceFor } from "../model/link.ts";
import { type ProbeStep, unprobed, type WayProbe } from "../model/probe.ts";

/** What came of asking over each endpoint, through a NIC or (null) by the kernel's own routing. */
export interface Asked {
  readonly link: LinkState | null;
  readonly probes: readonly WayProbe[];
}

export interface WaysToProbe {
  readonly settings: ImdsSettings;
  readonly links: readonly LinkState[];
  readonly deadlineMs: number;
  /** Ends all of them. */
  readonly stop: AbortSignal;
  readonly lend: Lend;
  /** Endpoints that are not asked through a NIC, for a route forbids them. */
  readonly forbidden?: readonly string[];
  /** Told as soon as a way is looked through. */
  readonly onProbe?: (link: LinkState | null, probe: WayProbe) => void;
}

type ProbeHost = Pick<Host, "bind" | "clock" | "http" | "log">;

/**
 * Asks IMDS over each NIC and each endpoint, all at once, and beside them by the kernel's own
 * routing, which knows what is built over NICs (a bridge, a bond, a VRF), unless one NIC is wished
 * for. What lies on the loopback or has a name is asked by routing alone, and so is all, with a
 * warning, where this process cannot bind to NICs. Throws the reason of `stop`.
 */
export async function probeWays(host: ProbeHost, ways: WaysToProbe): Promise<readonly Asked[]> {
  const { endpoints, nic } = ways.settings;
  const near = endpoints.filter((endpoint) => !isBindable(endpoint));
  const far = endpoints.filter(isBindable);
  const [first] = ways.links;
  const refusal = far.length === 0 || first === undefined ? null : await whyUnbound(host, first);
  if (refusal !== null) {
    host.log.warn(
      `NICs cannot be told apart here: ${refusal}`,
      "the kernel's own routing is asked",
    );
  }
  const byRouting = refusal === null && nic !== null ? near : endpoints;
  const byNic = refusal === null ? far.filter((each) => !ways.forbidden?.includes(each)) : [];
  return Promise.all([
    ...(byRouting.length === 0 ? [] : [probeRouting(host, byRouting, ways)]),
    ...ways.links.map((link) => probeNic(host, link, byNic, ways)),
  ]);
}

async function whyUnbound(host: Pick<Host, "bind">, { name }: LinkState): Promise<string | null> {
  const transport = await host.bind({ nic: name, sources: [], connectMs: 0 });
  if (typeof transport === "string") return transport;
  transport.close();
  return null;
}

async function probeRouting(
  host: ProbeHost,
  endpoints: readonly string[],
  { settings, deadlineMs, stop, onProbe }: WaysToProbe,
): Promise<Asked> {
  const withinMs = connectMsOf(host, settings, deadlineMs);
  const look = async (endpoint: string): Promise<WayProbe> => {
    const target = { endpoint, nic: null, transport: host.http, deadlineMs };
    const timeout = await connectTimeout(host, endpoint, withinMs);
    stop.throwIfAborted();
    const probe =
      timeout === null
        ? await probeWay(host, target, settings, stop)
        : { ...unprobed(endpoint), connect: timeout };
    onProbe?.(null, probe);
    return probe;
  };
  return { link: null, probes: await Promise.all(endpoints.map(look)) };
}

/** A black hole is left as soon as one NIC's is; null: it connects, or fails with an errno to ask. */
async function connectTimeout(
  { http, clock }: Pick<Host, "clock" | "http">,
  endpoint: string,
  withinMs: number,
): Promise<ProbeStep | null> {
  if (http.connects === null) return null;
  const { host: address, port } = addressOf(endpoint);
  const startMs = clock.now();
  const stands = await http.connects(address, port, withinMs);
  const ms = Math.round(clock.now() - startMs);
  return stands || ms < Math.floor(withinMs) ? null : { outcome: "ETIMEDOUT", ms };
}

function connectMsOf(
  { clock }: Pick<Host, "clock">,
  { connectMs }: ImdsSettings,
  deadlineMs: number,
): number {
  return Math.max(1, Math.min(connectMs, deadlineMs - clock.now()));
}

/** What is down, leads nowhere or has no address of the family is not asked: nothing could come. */
async function probeNic(
  host: ProbeHost,
  bare: LinkState,
  endpoints: readonly string[],
  { settings, deadlineMs, stop, lend, onProbe }: WaysToProbe,
): Promise<Asked> {
  const link = endpoints.length === 0 ? bare : await lend(bare, deadlineMs);
  const connectMs = connectMsOf(host, settings, deadlineMs);
  const look = async (endpoint: string): Promise<WayProbe> => {
    const { name: nic, addresses: sources } = link;
    const isBare = sourceFor(addressOf(endpoint).host, sources) === null;
    if (!link.isUp || !link.hasCarrier || isBare) return unprobed(endpoint);
    const transport = await host.bind({ nic, sources, connectMs });
    if (typeof transport === "string") return unprobed(endpoint);
    try {
      const target = { endpoint, nic, transport, deadlineMs };
      const probe = await probeWay(host, target, settings, stop);
      onProbe?.(link, probe);
      return probe;
    } finally {
      transport.close();
    }
  };
  return { link, probes: await Promise.all(endpoints.map(look)) };
}
