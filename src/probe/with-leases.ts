import type { Host } from "../host/host.ts";
import { openEphemeralLeases, recoverLeases } from "../imds/connect/ephemeral-leases.ts";
import type { ImdsSettings } from "../imds/protocol/settings.ts";
import type { LinkState } from "../model/link.ts";

/** Returns the link, with a temporary address if it has no IPv4 address and can get a lease. */
export type AddLeasedAddress = (link: LinkState, deadlineMs: number) => Promise<LinkState>;

/**
 * Calls `work`, which can take temporary leases if `--dhcp` is given. `onRefusal` gets the reason
 * of each lease that failed. Removes all temporary addresses before this resolves or rejects.
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
