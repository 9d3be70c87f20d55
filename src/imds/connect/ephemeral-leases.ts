import { endpointFamily } from "../protocol/endpoint.ts";
import { splitEndpoint } from "../../model/ip.ts";
import type { ImdsSettings } from "../protocol/settings.ts";
import { hasJournalFiles } from "../../ephemeral-dhcp/journal-files.ts";
import type { LeaseHost, LeaseSession } from "../../ephemeral-dhcp/leases.ts";
import type { LinkState } from "../../model/link.ts";

/** The temporary addresses of one run (`--dhcp`). */
export interface EphemeralLeases {
  /** Returns the link with a temporary IPv4 address; a string says why it got no address. */
  readonly addAddress: (link: LinkState, deadlineMs: number) => Promise<LinkState | string>;
  /** Removes every temporary address. */
  readonly close: () => Promise<void>;
}

/** Takes no lease before `addAddress`, which loads the code for leases: few runs need this code. */
export function openEphemeralLeases(
  host: LeaseHost,
  { endpoints, timeoutMs }: Pick<ImdsSettings, "endpoints" | "timeoutMs">,
): EphemeralLeases {
  const ipv4Endpoints = endpoints.filter((endpoint) => endpointFamily(endpoint) === "ipv4");
  const addresses = ipv4Endpoints.map((endpoint) => splitEndpoint(endpoint).host);
  const options = { endpoints: addresses, deadlineMs: host.clock.now() + timeoutMs };
  let session: Promise<LeaseSession> | null = null;
  return {
    addAddress: async (link, deadlineMs) => {
      session ??= import("../../ephemeral-dhcp/leases.ts").then(({ openLeaseSession }) =>
        openLeaseSession(host, options),
      );
      const lease = await (await session).take(link, deadlineMs);
      if (lease.kind === "none") return `no lease: ${lease.reason}`;
      const address = { ...lease.address, isTemporary: true as const };
      // a link with a lease is up and has carrier, even if it was down before
      return { ...link, isUp: true, hasCarrier: true, addresses: [...link.addresses, address] };
    },
    close: async () => (await session)?.close(),
  };
}

/** Undoes the leases of a run that was killed. If there are none, this only lists one directory. */
export async function recoverLeases(host: LeaseHost): Promise<void> {
  if (host.uid !== 0 || !(await hasJournalFiles(host))) return;
  const { lockAndRecoverJournal } = await import("../../ephemeral-dhcp/recover.ts");
  const locked = await lockAndRecoverJournal(host);
  locked?.release(); // null if another run has the lock: then the leases are of that run
}
