import type { FileHost } from "../../host/host.ts";
import type { DefaultRoutes } from "../../model/kernel-state.ts";
import { readText } from "../read-file.ts";

type Cells = readonly (string | undefined)[];

/**
 * Whether a link has default routes. Reads /proc/net/route and /proc/net/ipv6_route, because a
 * minimal image may lack `ip`. ipv6_route mixes the routes of all tables, so the result is useful
 * only for the primary's link: every other NIC has a default route in a table of its own. Columns:
 * fib_route_seq_show and rt6_info_route in the kernel's source.
 */
export async function readDefaultRoutes(host: FileHost, link: string): Promise<DefaultRoutes> {
  const [ipv4, ipv6] = await Promise.all([
    readRows(host, "/proc/net/route"),
    readRows(host, "/proc/net/ipv6_route"),
  ]);
  return {
    // columns: 0 link, 1 destination, 2 gateway, 3 flags, …, 7 mask
    ipv4: ipv4.some((row) => row[0] === link && isDefault(row[1], row[7], row[3])),
    // columns: 0 destination, 1 its prefix length, …, 8 flags, 9 link
    ipv6: ipv6.some((row) => row[9] === link && isDefault(row[0], row[1], row[8])),
  };
}

const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

/** Whether a route is up, is no reject route, and has zeros as destination and mask or length. */
function isDefault(destination = "", mask = "", flags = ""): boolean {
  const bits = Number.parseInt(flags, 16);
  return /^0+$/.test(`${destination}${mask}`) && (bits & RTF_UP) !== 0 && (bits & RTF_REJECT) === 0;
}

async function readRows(host: FileHost, path: string): Promise<readonly Cells[]> {
  const lines = ((await readText(host, path)) ?? "").split("\n");
  return lines.map((line) => line.trim().split(/\s+/));
}
