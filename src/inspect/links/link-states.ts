import type { FileHost, Host } from "../../host/host.ts";
import type { LinkState } from "../../model/link.ts";
import { baseName } from "../../model/text.ts";
import { readTextOrEmpty } from "../read-file.ts";
import { readLinks } from "./links.ts";

/** include/uapi/linux/if.h */
const IFF_UP = 1;

/** The machine's links with their state and addresses, in natural order of their names. */
export async function readLinkStates(
  host: Pick<Host, "files" | "addresses">,
): Promise<readonly LinkState[]> {
  const addresses = host.addresses();
  const links = await readLinks(host);
  return Promise.all(
    links.map(async (link) => ({
      ...link,
      ...(await readLinkState(host, link.name)),
      addresses: addresses.filter(({ nic }) => nic === link.name),
    })),
  );
}

/** Whether a link is up, has carrier, and belongs to a master; a removed link counts as down. */
export async function readLinkState(
  host: FileHost,
  name: string,
): Promise<Pick<LinkState, "isUp" | "hasCarrier" | "master">> {
  const path = `/sys/class/net/${name}`;
  const isUp = (Number(await readTextOrEmpty(host, `${path}/flags`)) & IFF_UP) !== 0;
  // reading `carrier` of a link that is down fails with EINVAL
  const carrier = isUp ? await readTextOrEmpty(host, `${path}/carrier`) : "0";
  const master = await host.files.readLink(`${path}/master`);
  return {
    isUp,
    hasCarrier: carrier.trim() === "1",
    master: master === null ? null : baseName(master),
  };
}

/**
 * Makes a function that gives the machine's links. It reads them again only if a name or an address
 * has changed: a host with hundreds of containers has as many links with a dozen files each.
 */
export function createLinkStateCache(
  host: Pick<Host, "files" | "addresses">,
): () => Promise<readonly LinkState[]> {
  let cached: { readonly fingerprint: string; readonly links: readonly LinkState[] } | null = null;
  return async () => {
    const names = await host.files.list("/sys/class/net");
    const fingerprint = JSON.stringify([names, host.addresses()]);
    if (cached?.fingerprint !== fingerprint)
      cached = { fingerprint, links: await readLinkStates(host) };
    return cached.links;
  };
}
