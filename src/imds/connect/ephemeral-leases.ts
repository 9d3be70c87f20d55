import type { Host } from "../../host/host.ts";
import { splitEndpoint, endpointFamily } from "../protocol/endpoint.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { hasJournalFiles } from "../../ephemeral-dhcp/journal-files.ts";
import type { LeaseSession } from "../../ephemeral-dhcp/leases.ts";
import type { LinkAddress, LinkState } from "../../model/link.ts";

/** Temporary addresses of one run (`--dhcp`). */
interface EphemeralLeases {
  /** An address; a string says why there is none. `deadlineMs` is on `Clock.now`. */
  readonly take: (link: LinkState, deadlineMs: number) => Promise<LinkAddress | string>;
  /** Gives all of them back. */
  readonly close: () => Promise<void>;
}

/** Takes none before it is asked to; few runs do, so what it takes is loaded then. */
export function openEphemeralLeases(
  host: Host,
  { endpoints, timeoutMs }: Pick<ImdsSettings, "endpoints" | "timeoutMs">,
): EphemeralLeases {
  const request = {
    endpoints: endpoints
      .filter((endpoint) => endpointFamily(endpoint) === "ipv4")
      .map((endpoint) => splitEndpoint(endpoint).host),
    deadlineMs: host.clock.now() + timeoutMs,
  };
  let session: Promise<LeaseSession> | null = null;
  const openSession = (): Promise<LeaseSession> => {
    session ??= import("../../ephemeral-dhcp/leases.ts").then(({ openLeaseSession }) =>
      openLeaseSession(host, request),
    );
    return session;
  };
  return {
    take: async (link, deadlineMs) => {
      const lease = await (await openSession()).take(link, deadlineMs);
      return lease.kind === "leased" ? lease.address : `no lease: ${lease.reason}`;
    },
    close: async () => (await session)?.close(),
  };
}

/** Gives back what a run left that was killed. Where nothing is left: one look into one folder. */
export async function recoverLeases(host: Host): Promise<void> {
  if (host.uid !== 0 || !(await hasJournalFiles(host))) return;
  const { recoverAbandonedLeases } = await import("../../ephemeral-dhcp/recover.ts");
  await recoverAbandonedLeases(host);
}

/** Gives a link with what it has to be asked through: with `--dhcp`, a leased address among them. */
export type AddLeasedAddress = (link: LinkState, deadlineMs: number) => Promise<LinkState>;

/**
 * Does `work`, in which a NIC without an IPv4 address may take a temporary lease where `--dhcp` says
 * so; `tell` hears why one got none. All are given back before this resolves, however it ends.
 */
export async function withLeases<T>(
  host: Host,
  settings: ImdsSettings,
  onRefusal: (refusal: string) => void,
  work: (addLeasedAddress: AddLeasedAddress) => Promise<T>,
): Promise<T> {
  if (!settings.dhcp) return work(async (link) => link);
  await recoverLeases(host);
  const leases = openEphemeralLeases(host, settings);
  const addLeasedAddress: AddLeasedAddress = async (link, deadlineMs) => {
    if (link.addresses.some(({ family }) => family === "ipv4")) return link;
    const leased = await leases.take(link, deadlineMs);
    if (typeof leased !== "string") {
      const temporary = { ...leased, isTemporary: true as const };
      // it had to be up, and to have carrier, to get one
      return { ...link, isUp: true, hasCarrier: true, addresses: [...link.addresses, temporary] };
    }
    onRefusal(`${link.name}: ${leased}`);
    return link;
  };
  try {
    return await work(addLeasedAddress);
  } finally {
    await leases.close();
  }
}
