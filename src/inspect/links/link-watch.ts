import type { Host } from "../../host/host.ts";
import type { LinkState } from "../../model/link-state.ts";
import { readLinkStates } from "./read-link-states.ts";

/**
 * Gives the machine's links as often as it is asked, and reads them again only where a name or an
 * address has changed: a host with hundreds of containers has a link for each, of a dozen files.
 */
export function linkWatch(
  host: Pick<Host, "files" | "addresses">,
): () => Promise<readonly LinkState[]> {
  let seen: { readonly mark: string; readonly links: readonly LinkState[] } | null = null;
  return async () => {
    const names = await host.files.list("/sys/class/net");
    const mark = JSON.stringify([names, host.addresses()]);
    if (seen?.mark !== mark) seen = { mark, links: await readLinkStates(host) };
    return seen.links;
  };
}
