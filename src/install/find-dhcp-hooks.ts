import type { Host } from "../host/host.ts";
import { type DhcpHookFacts, dhcpHookPaths } from "../model/dhcp-hooks.ts";

/** systemd's own folder of units, before and after the merge of /usr. */
const networkdUnits = ["/usr/lib", "/lib"].map(
  (at) => `${at}/systemd/system/systemd-networkd.service`,
);

/** Which DHCP clients are installed below `root`, by the places that their packages bring. */
export async function findDhcpHooks(
  host: Pick<Host, "files">,
  root: string,
): Promise<DhcpHookFacts> {
  const first = async (paths: readonly string[]): Promise<string | null> => {
    const found = await Promise.all(paths.map((path) => host.files.stat(`${root}${path}`)));
    return paths.find((_, at) => found[at] !== null) ?? null;
  };
  const [dhclient, dhcpcd, udhcpc, networkManager, networkd] = await Promise.all([
    first(dhcpHookPaths.dhclient),
    first(dhcpHookPaths.dhcpcd),
    first(dhcpHookPaths.udhcpc),
    first(dhcpHookPaths.networkManager),
    first(networkdUnits),
  ]);
  return { dhclient, dhcpcd, udhcpc, networkManager, hasNetworkd: networkd !== null };
}
