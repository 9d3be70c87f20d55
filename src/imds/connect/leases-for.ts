import type { Host } from "../../host/host.ts";
import { addressOf, familyOf } from "../protocol/endpoint.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { hasLeaseNotes } from "../../ephemeral-dhcp/lease-folder.ts";
import type { Leases } from "../../ephemeral-dhcp/leases.ts";
import type { LinkAddress } from "../../model/link.ts";
import type { LinkState } from "../../model/link-state.ts";

/** Temporary addresses of one run (`--dhcp`). */
export interface RunLeases {
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
