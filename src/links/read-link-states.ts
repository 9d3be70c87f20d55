import type { Host } from "../host/host.ts";
import type { Link } from "../net/link.ts";
import type { LinkState } from "../net/link-state.ts";
import { readLinks } from "./read-links.ts";

/** include/uapi/linux/if.h */
const IFF_UP = 1;

/** The machine's links and what they are doing, in natural order of their names. */
export async function readLinkStates(
  host: Pick<Host, "files" | "addresses">,
): Promise<readonly LinkState[]> {
  const addresses = host.addresses();
  const links = await readLinks(host);
  return Promise.all(
    links.map(async (link) => ({
      ...link,
      ...(await readState(host, link)),
      addresses: addresses.filter(({ nic }) => nic === link.name),
    })),
  );
}

/** A link that has just gone is down. */
async function readState(
  host: Pick<Host, "files">,
  { name }: Link,
): Promise<Pick<LinkState, "isUp" | "hasCarrier" | "master">> {
  const path = `/sys/class/net/${name}`;
  const flags = await readText(host, `${path}/flags`);
  const isUp = (Number(flags) & IFF_UP) !== 0;
  // reading `carrier` of a link that is down fails with EINVAL
  const carrier = isUp ? await readText(host, `${path}/carrier`) : "0";
  const master = await host.files.readLink(`${path}/master`);
  return { isUp, hasCarrier: carrier === "1", master: master?.split("/").at(-1) ?? null };
}

async function readText(host: Pick<Host, "files">, path: string): Promise<string> {
  const bytes = await host.files.read(path).catch(() => null);
  return bytes === null ? "0" : new TextDecoder().decode(bytes).trim();
}
