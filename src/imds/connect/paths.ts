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

/** The paths of one session to IMDS, and the transports that are open over them. */
export interface ImdsPaths {
  /**
   * Lists the paths that exist now. Throws `UNAVAILABLE` if `--interface` allows only one NIC and
   * this process cannot bind sockets to a NIC.
   */
  readonly list: () => Promise<PathCandidates>;
  /** Opens a transport over a path; a string says why this failed. */
  readonly open: (path: ImdsPath) => Promise<HttpTransport | string>;
  /** Closes the transports that were opened for a race, except the winner's. */
  readonly keepOnly: (winner: ImdsPath | null) => void;
  /** Closes every transport, and removes every temporary address. */
  readonly close: () => Promise<void>;
}

/** Opens nothing before `open` is called. `deadlineMs` is a time on `Clock.now`. */
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

/** Loads the code that reads links, and reads links, only if a NIC could lead to the endpoints. */
function createPathLister(
  host: Host,
  settings: ImdsSettings,
  findObstacle: () => string | null,
): ImdsPaths["list"] {
  let survey: Promise<() => Promise<LinkSurvey>> | null = null;
  return async () => {
    const obstacle = findObstacle();
    if (obstacle !== null && settings.nic !== null) {
      const reason = `${settings.nic}: ${describeBindError(obstacle)}`;
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

export function describeBindError(reason: string): string {
  return `sockets can't be bound to a NIC in this process (${reason})`;
}
export const bindHint = "run ec2nic as root, and not in a unit with MemoryDenyWriteExecute=yes";

/** Logs the first failure to bind as a warning. With `--interface` it becomes an error instead. */
function createBinder(
  host: Pick<Host, "bind" | "log">,
  { connectMs, nic: requestedNic }: Pick<ImdsSettings, "connectMs" | "nic">,
  leases: EphemeralLeases,
) {
  let obstacle: string | null = null;
  /** A transport through this NIC, which first gets a lease if it needs one. */
  const bind = async (
    { link, needsLease }: Extract<Via, { kind: "nic" }>,
    deadlineMs: number,
  ): Promise<BoundTransport | string> => {
    const usable = needsLease ? await leases.addAddress(link, deadlineMs) : link;
    if (typeof usable === "string") return usable;
    const bound = await host.bind({ nic: link.name, sources: usable.addresses, connectMs });
    if (typeof bound !== "string") return bound;
    if (obstacle === null && requestedNic === null) {
      const consequence = "so ec2nic contacts IMDS only through the default route";
      host.log.warn(`${describeBindError(bound)}, ${consequence}`, bindHint);
    }
    obstacle = bound;
    return describeBindError(bound);
  };
  /** Why this process cannot bind sockets to a NIC; null if no attempt to bind has failed. */
  const findObstacle = (): string | null => obstacle;
  return { bind, findObstacle };
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
      racing.get(describePath(path))?.close(); // opened for an earlier race, but after its end
      racing.set(describePath(path), transport);
    },
    keepOnly: (winner: ImdsPath | null): void => {
      const name = winner === null ? "" : describePath(winner);
      const transport = racing.get(name);
      racing.delete(name);
      // transports of earlier winners can still have requests in flight, so they stay open
      if (transport !== undefined) winners.push(transport);
      closeRacing();
    },
    close: (): void => {
      closeRacing();
      for (const transport of winners) transport.close();
    },
  };
}
