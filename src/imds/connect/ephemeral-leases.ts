import type { Host } from "../../host/host.ts";
import { endpointFamily } from "../protocol/endpoint.ts";
import { splitEndpoint } from "../../model/ip.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { hasJournalFiles } from "../../ephemeral-dhcp/journal-files.ts";
import type { LeaseSession } from "../../ephemeral-dhcp/leases.ts";
import type { LinkState } from "../../model/link.ts";

/** Temporary addresses of one run (`--dhcp`). */
export interface EphemeralLeases {
  /** The link with a temporary IPv4 address; a string says why there is none. */
  readonly addAddress: (link: LinkState, deadlineMs: number) => Promise<LinkState | string>;
  /** Gives all of them back. */
  readonly close: () => Promise<void>;
}

/** Takes no lease by itself. Few runs need one, so the code is loaded with the first. */
export function openEphemeralLeases(
  host: Host,
  { endpoints, timeoutMs }: Pick<ImdsSettings, "endpoints" | "timeoutMs">,
): EphemeralLeases {
  const options = {
    endpoints: endpoints
      .filter((endpoint) => endpointFamily(endpoint) === "ipv4")
      .map((endpoint) => splitEndpoint(endpoint).host),
    deadlineMs: host.clock.now() + timeoutMs,
  };
  let session: Promise<LeaseSession> | null = null;
  return {
    addAddress: async (link, deadlineMs) => {
      session ??= import("../../ephemeral-dhcp/leases.ts").then(({ openLeaseSession }) =>
        openLeaseSession(host, options),
      );
      const lease = await (await session).take(link, deadlineMs);
      if (lease.kind === "none") return `no lease: ${lease.reason}`;
      const address = { ...lease.address, isTemporary: true as const };
      // a client gets a lease only through a link that is up and has carrier
      return { ...link, isUp: true, hasCarrier: true, addresses: [...link.addresses, address] };
    },
    close: async () => (await session)?.close(),
  };
}

/** Gives back the leases of a run that was killed. Without one, this only lists one directory. */
export async function recoverLeases(host: Host): Promise<void> {
  if (host.uid !== 0 || !(await hasJournalFiles(host))) return;
  const { recoverAbandonedLeases } = await import("../../ephemeral-dhcp/recover.ts");
  await recoverAbandonedLeases(host);
}

/** The link, with a temporary address where it has no IPv4 address and can get one. */
export type AddLeasedAddress = (link: LinkState, deadlineMs: number) => Promise<LinkState>;

/**
 * Does `work`, which may take temporary leases where `--dhcp` is given; `onRefusal` gets the reason
 * of each that failed. All are given back before this resolves or rejects.
 */
export async function withLeases<T>(
  host: Host,
  settings: ImdsSettings,
  onRefusal: (reason: string) => void,
  work: (addLeasedAddress: AddLeasedAddress) => Promise<T>,
): Promise<T> {
  if (!settings.dhcp) return work(async (link) => link);
  await recoverLeases(host);
  const leases = openEphemeralLeases(host, settings);
  try {
    return await work(async (link, deadlineMs) => {
      if (link.addresses.some(({ family }) => family === "ipv4")) return link;
      const leased = await leases.addAddress(link, deadlineMs);
      if (typeof leased !== "string") return leased;
      onRefusal(`${link.name}: ${leased}`);
      return link;
    });
  } finally {
    await leases.close();
  }
}
