import type { Host } from "../host/host.ts";
import { type LinkSight, readSights } from "../kernel/read-sights.ts";

export interface SightKeeper {
  /** Looks again where the last look is too old. */
  readonly look: () => Promise<void>;
  /** What was seen last of a link, by name; null: nothing. */
  readonly of: (name: string | null) => LinkSight | null;
}

/** What DHCP brings is there for seconds before IMDS tells it: a look now and then is enough. */
const goodForMs = 1500;

/** Looks at the kernel's links at a pace of its own, for a watch that asks far more often. */
export function sightKeeper(host: Pick<Host, "clock" | "exec">): SightKeeper {
  let seen: { readonly atMs: number; readonly sights: Readonly<Record<string, LinkSight>> } | null =
    null;
  return {
    look: async () => {
      const nowMs = host.clock.now();
      if (seen !== null && nowMs - seen.atMs < goodForMs) return;
      seen = { atMs: nowMs, sights: await readSights(host) };
    },
    of: (name) => (name === null ? null : (seen?.sights[name] ?? null)),
  };
}
