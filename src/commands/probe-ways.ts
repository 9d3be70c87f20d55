import type { Host } from "../host/host.ts";
import { addressOf, isLoopback } from "../imds/endpoint.ts";
import { probeWay } from "../imds/probe-way.ts";
import type { ImdsSettings } from "../imds/settings.ts";
import type { Lend } from "./with-leases.ts";
import type { LinkState } from "../net/link-state.ts";
import { unprobed, type WayProbe } from "../net/way-probe.ts";

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
  /** Told as soon as a way is looked through. */
  readonly onProbe?: (link: LinkState | null, probe: WayProbe) => void;
}

type ProbeHost = Pick<Host, "bind" | "clock" | "http" | "log">;

/**
 * Asks IMDS over each NIC and each endpoint, all at once. What lies on the loopback cannot be reached
 * through a NIC: it is asked by the kernel's own routing, and so is all, with a warning, where this
 * process cannot bind to NICs. Throws the reason of `stop`.
 */
export async function probeWays(host: ProbeHost, ways: WaysToProbe): Promise<readonly Asked[]> {
  const { endpoints } = ways.settings;
  const near = endpoints.filter(isLoopback);
  const far = endpoints.filter((endpoint) => !isLoopback(endpoint));
  const [first] = ways.links;
  const refusal = far.length === 0 || first === undefined ? null : await whyUnbound(host, first);
  if (refusal !== null) {
    host.log.warn(
      `NICs cannot be told apart here: ${refusal}`,
      "the kernel's own routing is asked",
    );
  }
  const byRouting = refusal === null ? near : endpoints;
  const byNic = refusal === null ? far : [];
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
  const look = async (endpoint: string): Promise<WayProbe> => {
    const target = { endpoint, nic: null, transport: host.http, deadlineMs };
    const probe = await probeWay(host, target, settings, stop);
    onProbe?.(null, probe);
    return probe;
  };
  return { link: null, probes: await Promise.all(endpoints.map(look)) };
}

/** What is down, leads nowhere or has no address of the family is not asked: nothing could come. */
async function probeNic(
  host: ProbeHost,
  bare: LinkState,
  endpoints: readonly string[],
  { settings, deadlineMs, stop, lend, onProbe }: WaysToProbe,
): Promise<Asked> {
  const link = endpoints.length === 0 ? bare : await lend(bare, deadlineMs);
  const connectMs = Math.max(1, Math.min(settings.connectMs, deadlineMs - host.clock.now()));
  const look = async (endpoint: string): Promise<WayProbe> => {
    const family = addressOf(endpoint).host.includes(":") ? "ipv6" : "ipv4";
    const sources = link.addresses.filter((address) => address.family === family);
    if (!link.isUp || !link.hasCarrier || sources.length === 0) return unprobed(endpoint);
    const transport = await host.bind({ nic: link.name, sources, connectMs });
    if (typeof transport === "string") return unprobed(endpoint);
    try {
      const target = { endpoint, nic: link.name, transport, deadlineMs };
      const probe = await probeWay(host, target, settings, stop);
      onProbe?.(link, probe);
      return probe;
    } finally {
      transport.close();
    }
  };
  return { link, probes: await Promise.all(endpoints.map(look)) };
}
