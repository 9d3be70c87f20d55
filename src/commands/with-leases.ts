import type { Host } from "../host/host.ts";
import type { LinkState } from "../net/link-state.ts";

/**
 * The one place where `--dhcp` comes in: a NIC that is up and has no address takes a lease before
 * `work` asks through it, with the leased address among its own, and gives it back afterwards. Takes
 * and gives nothing yet.
 */
export async function withLeases<T>(
  host: Pick<Host, "log">,
  links: readonly LinkState[],
  wish: { readonly dhcp: boolean },
  work: (links: readonly LinkState[]) => Promise<T>,
): Promise<T> {
  const bare = links.filter(({ isUp, addresses }) => isUp && addresses.length === 0);
  if (wish.dhcp && bare.length > 0) {
    const names = bare.map(({ name }) => name).join(", ");
    host.log.warn(`${names}: --dhcp takes no lease in this version`);
  }
  return work(links);
}
