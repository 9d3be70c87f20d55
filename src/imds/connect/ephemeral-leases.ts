import type { Host } from "../../host/host.ts";
import { addressOf, familyOf } from "../protocol/endpoint.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { hasLeaseNotes } from "../../ephemeral-dhcp/journal.ts";
import type { Leases } from "../../ephemeral-dhcp/leases.ts";
import type { LinkAddress, LinkState } from "../../model/link.ts";

/** Temporary addresses of one run (`--dhcp`). */
interface RunLeases {
  /** An address; a string says why there is none. `deadlineMs` is on `Clock.now`. */
  readonly take: (link: LinkState, deadlineMs: number) => Promise<LinkAddress | string>;
  /** Gives all of them back. */
  readonly close: () => Promise<void>;
}

/** Takes none before it is asked to; few runs do, so what it takes is loaded then. */
export function leasesFor(
  host: Host,
  { endpoints, timeoutMs }: Pick<ImdsSettings, "endpoints" | "timeoutMs">,
): RunLeases {
  const wish = {
    endpoints: endpoints
      .filter((endpoint) => familyOf(endpoint) === "ipv4")
      .map((endpoint) => addressOf(endpoint).host),
    deadlineMs: host.clock.now() + timeoutMs,
  };
  let opened: Promise<Leases> | null = null;
  const leases = (): Promise<Leases> => {
    opened ??= import("../../ephemeral-dhcp/leases.ts").then(({ openLeases }) =>
      openLeases(host, wish),
    );
    return opened;
  };
  return {
    take: async (link, deadlineMs) => {
      const lease = await (await leases()).take(link, deadlineMs);
      return lease.kind === "leased" ? lease.address : `no lease: ${lease.reason}`;
    },
    close: async () => (await opened)?.close(),
  };
}

/** Gives back what a run left that was killed. Where nothing is left: one look into one folder. */
export async function dropAbandoned(host: Host): Promise<void> {
  if (host.uid !== 0 || !(await hasLeaseNotes(host))) return;
  const { dropAbandonedLeases } = await import("../../ephemeral-dhcp/recover.ts");
  await dropAbandonedLeases(host);
}

/** Gives a link with what it has to be asked through: with `--dhcp`, a leased address among them. */
export type Lend = (link: LinkState, deadlineMs: number) => Promise<LinkState>;

/**
 * Does `work`, in which a NIC without an IPv4 address may take a temporary lease where `--dhcp` says
 * so; `tell` hears why one got none. All are given back before this resolves, however it ends.
 */
export async function withLeases<T>(
  host: Host,
  settings: ImdsSettings,
  tell: (refusal: string) => void,
  work: (lend: Lend) => Promise<T>,
): Promise<T> {
  if (!settings.dhcp) return work(async (link) => link);
  await dropAbandoned(host);
  const leases = leasesFor(host, settings);
  const lend: Lend = async (link, deadlineMs) => {
    if (link.addresses.some(({ family }) => family === "ipv4")) return link;
    const leased = await leases.take(link, deadlineMs);
    if (typeof leased !== "string") {
      const temporary = { ...leased, isTemporary: true as const };
      // it had to be up, and to have carrier, to get one
      return { ...link, isUp: true, hasCarrier: true, addresses: [...link.addresses, temporary] };
    }
    tell(`${link.name}: ${leased}`);
    return link;
  };
  try {
    return await work(lend);
  } finally {
    await leases.close();
  }
}
