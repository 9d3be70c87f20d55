import type { Host } from "../../host/host.ts";
import { type LinkSight, readSights } from "../../inspect/kernel/link-observations.ts";
import type { Leases } from "../../plan/config/kept-leases.ts";
import {
  knownLeases,
  type LeaseMemory,
  rememberLeases,
} from "../../eni/propagation/dhcp-addresses.ts";

export interface SightKeeper {
  /** Looks again where the last look is too old. */
  readonly look: () => Promise<void>;
  /** What was seen last of a link, by name; null: nothing. */
  readonly of: (name: string | null) => LinkSight | null;
  /** What DHCP has brought, as it is at this moment. */
  readonly leases: () => Promise<Leases>;
}

/** What DHCP brings is there for seconds before IMDS tells it: a look now and then is enough. */
const goodForMs = 1500;

/**
 * Looks at the kernel's links at a pace of its own, for a watch that asks far more often. Where a
 * look fails, what was seen before stays.
 */
export function sightKeeper(host: Pick<Host, "clock" | "exec">): SightKeeper {
  let lookedMs = -Infinity;
  let sights: Readonly<Record<string, LinkSight>> = {};
  let memory: LeaseMemory = {};
  const lookNow = async (): Promise<void> => {
    lookedMs = host.clock.now();
    const seen = await readSights(host);
    if (seen === null) return;
    memory = rememberLeases(memory, seen, lookedMs);
    sights = seen;
  };
  return {
    look: async () => {
      if (host.clock.now() - lookedMs >= goodForMs) await lookNow();
    },
    of: (name) => {
      const sight = name === null ? undefined : sights[name];
      if (name === null || sight === undefined) return null;
      return { ...sight, dhcp: knownLeases(memory)[name] ?? [] };
    },
    leases: async () => {
      await lookNow();
      return knownLeases(memory);
    },
  };
}
