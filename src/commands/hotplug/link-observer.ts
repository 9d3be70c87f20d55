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

/** An address from DHCP is on a link seconds before IMDS lists it: this is often enough. */
const maxAgeMs = 1500;

/**
 * Reads the kernel's links less often than a watch asks IMDS. If a reading fails, the observations
 * before it are kept.
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
    /** The last observation of a link, by name; null: there is none. */
    find: (name: string | null): LinkObservation | null => {
      const observation = name === null ? undefined : observations[name];
      if (name === null || observation === undefined) return null;
      return { ...observation, dhcp: currentDhcpAddresses(leaseHistory)[name] ?? [] };
    },
    /** Reads the links now; returns their addresses from DHCP, by name. */
    readLeases: async (): Promise<DhcpAddresses> => {
      await observeNow();
      return currentDhcpAddresses(leaseHistory);
    },
  };
}
