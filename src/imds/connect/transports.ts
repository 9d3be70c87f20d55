import type { BoundTransport, Host, HttpTransport } from "../../host/host.ts";
import type { LinkAddress, LinkState, Ranking } from "../../model/link.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { describePath, type Via, type ImdsPath } from "../protocol/path.ts";

/** What the session must be told of the machine's links. */
export interface Links {
  /** The links as they are now, ranked, and what the kernel's own routing makes of the endpoints. */
  readonly rank: (endpoints: readonly string[]) => Promise<LinkSurvey>;
  /** A temporary address for a link that has none; a string says why there is none. */
  readonly lease: (link: LinkState, limits: TransportLimits) => Promise<LinkAddress | string>;
  /** Gives back every temporary address. */
  readonly close: () => Promise<void>;
}

export interface LinkSurvey extends Ranking {
  /** The link that the kernel itself takes to the first endpoint; null: none, or nobody knows. */
  readonly routedLink: string | null;
  /** Endpoints that a route forbids. */
  readonly forbiddenEndpoints: readonly string[];
  /** systemd-imdsd is there to be asked. */
  readonly hasImdsd: boolean;
}

/** As there is where no link is looked at. */
export const emptyLinkSurvey: LinkSurvey = {
  candidates: [],
  others: [],
  routedLink: null,
  forbiddenEndpoints: [],
  hasImdsd: false,
};

export interface TransportLimits {
  /** On the clock of `Clock.now`. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** The transports of one session: a way's own, made when it is first asked over. */
export interface Transports {
  /** A string says why there is none for this way. */
  readonly open: (path: ImdsPath, limits: TransportLimits) => Promise<HttpTransport | string>;
  /** Closes what the losers of a race have open. */
  readonly keepOnly: (winner: ImdsPath | null) => void;
  /** Why sockets can't be bound to a NIC in this process; null: they can, or nobody has tried. */
  readonly bindObstacle: () => string | null;
  readonly close: () => Promise<void>;
}

/** Opens nothing by itself. Warns once where sockets cannot be bound in this process. */
export function openTransports(
  host: Pick<Host, "http" | "bind" | "imdsd" | "log">,
  settings: Pick<ImdsSettings, "connectMs" | "nic">,
  links: Links,
): Transports {
  let bindObstacle: string | null = null;
  const bindToNic = createBindToNic(
    host,
    settings,
    links,
    (reason) => void (bindObstacle = reason),
  );
  const racing = new Map<string, BoundTransport>();
  const winners: BoundTransport[] = [];
  const closeRacing = (): void => {
    for (const transport of racing.values()) transport.close();
    racing.clear();
  };
  return {
    open: async (path, limits) => {
      const { via } = path;
      if (via.kind === "imdsd") return (await host.imdsd()) ?? "systemd-imdsd is gone";
      if (via.kind === "routing") return host.http;
      const transport = await bindToNic(via, limits);
      if (typeof transport !== "string") {
        racing.get(describePath(path))?.close(); // one that came too late for the race before
        racing.set(describePath(path), transport);
      }
      return transport;
    },
    keepOnly: (winner) => {
      const name = winner === null ? "" : describePath(winner);
      const transport = racing.get(name);
      racing.delete(name);
      // the winners of earlier races may still have answers under way: they stay until the end
      if (transport !== undefined) winners.push(transport);
      closeRacing();
    },
    bindObstacle: () => bindObstacle,
    close: async () => {
      closeRacing();
      for (const transport of winners) transport.close();
      await links.close();
    },
  };
}

type NicVia = Extract<Via, { kind: "nic" }>;
type BindToNic = (via: NicVia, limits: TransportLimits) => Promise<BoundTransport | string>;

/** Binds to a NIC and an address of its own, after it got one where it needs a lease. */
function createBindToNic(
  host: Pick<Host, "bind" | "log">,
  { connectMs, nic: requestedNic }: Pick<ImdsSettings, "connectMs" | "nic">,
  links: Links,
  onObstacle: (reason: string) => void,
): BindToNic {
  let isWarned = requestedNic !== null; // then the error says it
  return async ({ link, needsLease }, limits) => {
    const leased = needsLease ? await links.lease(link, limits) : null;
    if (typeof leased === "string") return leased;
    const sources = leased === null ? link.addresses : [...link.addresses, leased];
    const transport = await host.bind({ nic: link.name, sources, connectMs });
    if (typeof transport !== "string") return transport;
    onObstacle(transport);
    if (!isWarned) {
      host.log.warn(`${cannotBindMessage}, only the default route is used: ${transport}`, bindHint);
    }
    isWarned = true;
    return `${cannotBindMessage}: ${transport}`;
  };
}

export const cannotBindMessage = "sockets can't be bound to a nic in this process";
export const bindHint = "run it as root, and by no unit with MemoryDenyWriteExecute=yes";
