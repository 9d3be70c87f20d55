import {
  currentDhcpAddresses,
  type DhcpAddressHistory,
  recordDhcpAddresses,
} from "../../eni/propagation/dhcp-addresses.ts";
import type { Host } from "../../host/host.ts";
import {
  type LinkObservation,
  readLinkObservations,
} from "../../inspect/kernel/link-observations.ts";
import type { DhcpAddresses } from "../../plan/config/configure.ts";

/** Reading more often would not help: IMDS lists an address seconds after DHCP has set it. */
const maxAgeMs = 1500;

/**
 * Reads the kernel's links, but less often than a watch polls IMDS. If a reading fails, the
 * previous observations are kept.
 */
export function createLinkObserver(host: Pick<Host, "clock" | "exec">) {
  let observedMs = -Infinity;
  let observations: Readonly<Record<string, LinkObservation>> = {};
  let leaseHistory: DhcpAddressHistory = {};
  const observeNow = async (): Promise<void> => {
    observedMs = host.clock.now();
    const observed = await readLinkObservations(host);
    if (observed === null) return;
    leaseHistory = recordDhcpAddresses(leaseHistory, observed, observedMs);
    observations = observed;
  };
  return {
    /** Reads the links again if the last reading is too old. */
    refresh: async (): Promise<void> => {
      if (host.clock.now() - observedMs >= maxAgeMs) await observeNow();
    },
    /** The last observation of a link, by name; null if there is none. */
    find: (name: string | null): LinkObservation | null => {
      const observation = name === null ? undefined : observations[name];
      if (name === null || observation === undefined) return null;
      return { ...observation, dhcp: currentDhcpAddresses(leaseHistory)[name] ?? [] };
    },
    /** Reads the links now; returns the addresses that DHCP set, by name of the link. */
    readLeases: async (): Promise<DhcpAddresses> => {
      await observeNow();
      return currentDhcpAddresses(leaseHistory);
    },
  };
}
