import type { Host } from "../../host/host.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import type { LinkState } from "../../model/link-state.ts";
import { dropAbandoned, leasesFor } from "./leases-for.ts";

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
