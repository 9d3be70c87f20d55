import type { FileHost } from "../../host/host.ts";
import type { DefaultRoutes } from "../../model/kernel-state.ts";
import { readText } from "../read-file.ts";

type Cells = readonly (string | undefined)[];

/**
 * Whether a link has default routes, from /proc/net/route and /proc/net/ipv6_route, because a
 * minimal image may have no `ip`. ipv6_route mixes the routes of all tables, so a link with a table
 * of its own always has a default route in it: ask only for the primary's link. Columns:
 * fib_route_seq_show and rt6_info_route of the kernel.
 */
export async function readDefaultRoutes(host: FileHost, link: string): Promise<DefaultRoutes> {
  const [ipv4, ipv6] = await Promise.all([
    readRows(host, "/proc/net/route"),
    readRows(host, "/proc/net/ipv6_route"),
  ]);
  return {
    // Iface Destination Gateway Flags … Mask
    ipv4: ipv4.some((row) => row[0] === link && isDefault(row[1], row[7], row[3])),
    // destination, its length, …, flags, link
    ipv6: ipv6.some((row) => row[9] === link && isDefault(row[0], row[1], row[8])),
  };
}

const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

/** Whether the destination and its mask or length are zero, and the route is up and no reject. */
function isDefault(destination = "", mask = "", flags = ""): boolean {
  const bits = Number.parseInt(flags, 16);
  return /^0+$/.test(`${destination}${mask}`) && (bits & RTF_UP) !== 0 && (bits & RTF_REJECT) === 0;
}

async function readRows(host: FileHost, path: string): Promise<readonly Cells[]> {
  const lines = ((await readText(host, path)) ?? "").split("\n");
  return lines.map((line) => line.trim().split(/\s+/));
}
