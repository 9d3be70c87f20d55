import { Failure } from "../../exit.ts";
import type { BoundTransport, Host, HttpTransport } from "../../host/host.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { describePath, type Via, type ImdsPath } from "../protocol/path.ts";
import {
  emptyLinkSurvey,
  isReachableThroughNic,
  type LinkSurvey,
  listCandidates,
  type PathCandidates,
} from "./candidates.ts";
import { type EphemeralLeases, openEphemeralLeases } from "./ephemeral-leases.ts";

/** The paths of one session to IMDS, with a transport for each that is tried. */
export interface ImdsPaths {
  /**
   * The paths there are now. Throws `UNAVAILABLE` where sockets cannot be bound and `--interface`
   * allows no other path.
   */
  readonly list: () => Promise<PathCandidates>;
  /** A transport over this path; a string says why there is none. */
  readonly open: (path: ImdsPath) => Promise<HttpTransport | string>;
  /** Closes the transports of a race's losers. */
  readonly keepOnly: (winner: ImdsPath | null) => void;
  /** Closes every transport, and gives back every temporary address. */
  readonly close: () => Promise<void>;
}

/** Opens nothing by itself. `deadlineMs` is on `Clock.now`. */
export function openPaths(host: Host, settings: ImdsSettings, deadlineMs: number): ImdsPaths {
  const leases = openEphemeralLeases(host, settings);
  const { bind, findObstacle } = createBinder(host, settings, leases);
  const transports = createTransportPool();
  return {
    list: createPathLister(host, settings, findObstacle),
    open: async (path) => {
      const { via } = path;
      if (via.kind === "imdsd") return (await host.imdsd()) ?? "systemd-imdsd is gone";
      if (via.kind === "routing") return host.http;
      const transport = await bind(via, deadlineMs);
      if (typeof transport !== "string") transports.add(path, transport);
      return transport;
    },
    keepOnly: transports.keepOnly,
    close: async () => {
      transports.close();
      await leases.close();
    },
  };
}

/** Links are read, and what reads them is loaded, only where a NIC could lead to the endpoints. */
function createPathLister(
  host: Host,
  settings: ImdsSettings,
  findObstacle: () => string | null,
): ImdsPaths["list"] {
  let survey: Promise<() => Promise<LinkSurvey>> | null = null;
  return async () => {
    const obstacle = findObstacle();
    if (obstacle !== null && settings.nic !== null) {
      const reason = `${settings.nic}: ${cannotBindMessage}: ${obstacle}`;
      throw new Failure("UNAVAILABLE", reason, { hint: bindHint });
    }
    if (settings.paths === "routing-only" || obstacle !== null || !isReachableThroughNic(settings))
      return listCandidates(settings, emptyLinkSurvey);
    survey ??= import("./survey-links.ts").then(({ createLinkSurvey }) =>
      createLinkSurvey(host, settings.endpoints),
    );
    return listCandidates(settings, await (await survey)());
  };
}

export const cannotBindMessage = "sockets can't be bound to a NIC in this process";
export const bindHint = "run it as root, and by no unit with MemoryDenyWriteExecute=yes";

interface Binder {
  /** A transport through this NIC; it gets a lease first where it needs one. */
  readonly bind: (
    via: Extract<Via, { kind: "nic" }>,
    deadlineMs: number,
  ) => Promise<BoundTransport | string>;
  /** Why sockets can't be bound to a NIC in this process; null: they can, or none was bound yet. */
  readonly findObstacle: () => string | null;
}

/** Warns once where sockets cannot be bound, unless an error is going to say it. */
function createBinder(
  host: Pick<Host, "bind" | "log">,
  { connectMs, nic: requestedNic }: Pick<ImdsSettings, "connectMs" | "nic">,
  leases: EphemeralLeases,
): Binder {
  let obstacle: string | null = null;
  const bind: Binder["bind"] = async ({ link, needsLease }, deadlineMs) => {
    const usable = needsLease ? await leases.addAddress(link, deadlineMs) : link;
    if (typeof usable === "string") return usable;
    const bound = await host.bind({ nic: link.name, sources: usable.addresses, connectMs });
    if (typeof bound !== "string") return bound;
    if (obstacle === null && requestedNic === null)
      host.log.warn(`${cannotBindMessage}, only the default route is used: ${bound}`, bindHint);
    obstacle = bound;
    return `${cannotBindMessage}: ${bound}`;
  };
  return { bind, findObstacle: () => obstacle };
}

/** The open transports through NICs. */
function createTransportPool() {
  const racing = new Map<string, BoundTransport>();
  const winners: BoundTransport[] = [];
  const closeRacing = (): void => {
    for (const transport of racing.values()) transport.close();
    racing.clear();
  };
  return {
    add: (path: ImdsPath, transport: BoundTransport): void => {
      racing.get(describePath(path))?.close(); // it was opened too late for the race before
      racing.set(describePath(path), transport);
    },
    keepOnly: (winner: ImdsPath | null): void => {
      const name = winner === null ? "" : describePath(winner);
      const transport = racing.get(name);
      racing.delete(name);
      // winners of earlier races may still have requests in flight: they stay open until the end
      if (transport !== undefined) winners.push(transport);
      closeRacing();
    },
    close: (): void => {
      closeRacing();
      for (const transport of winners) transport.close();
    },
  };
}
