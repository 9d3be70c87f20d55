import type { Host } from "../../host/host.ts";
import type { NetworkdLease } from "../../model/dhcp.ts";
import { readTextOrEmpty } from "../read-file.ts";

const leasesDirectory = "/run/systemd/netif/leases";

/**
 * The leases that systemd-networkd holds, in the order of their links' names. A file is named by the
 * link's index; it says of itself that it is private, but is all that tells a lease without D-Bus,
 * and has looked alike from 219 on. One whose link has just gone is left out.
 */
export async function readNetworkdLeases(
  host: Pick<Host, "files">,
): Promise<readonly NetworkdLease[]> {
  const names = await host.files.list("/sys/class/net");
  const leases = await Promise.all(
    names.map(async (nic) => {
      const index = (await readTextOrEmpty(host, `/sys/class/net/${nic}/ifindex`)).trim();
      return {
        nic,
        text: index === "" ? "" : await readTextOrEmpty(host, `${leasesDirectory}/${index}`),
      };
    }),
  );
  return leases.filter(({ text }) => text !== "");
}
