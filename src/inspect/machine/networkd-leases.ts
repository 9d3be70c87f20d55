import type { FileHost } from "../../host/host.ts";
import type { NetworkdLease } from "../../model/dhcp.ts";
import { readTextOrEmpty } from "../read-file.ts";

const leasesDirectory = "/run/systemd/netif/leases";

/**
 * The leases of systemd-networkd, in the order of the names of their links. A lease file is named
 * after the link's index. It says that it is private, but without D-Bus nothing else shows a lease,
 * and its format has not changed since 219. The lease of a link that was just removed is left out.
 */
export async function readNetworkdLeases(host: FileHost): Promise<readonly NetworkdLease[]> {
  const names = await host.files.list("/sys/class/net");
  const leases = await Promise.all(
    names.map(async (nic) => {
      const index = (await readTextOrEmpty(host, `/sys/class/net/${nic}/ifindex`)).trim();
      if (index === "") return { nic, text: "" };
      return { nic, text: await readTextOrEmpty(host, `${leasesDirectory}/${index}`) };
    }),
  );
  return leases.filter(({ text }) => text !== "");
}
