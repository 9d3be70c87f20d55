import type { Host } from "../../host/host.ts";
import { readText } from "../read-file.ts";
import type { DefaultRoutes } from "../../model/kernel-state.ts";

/**
 * From /proc/net/route and /proc/net/ipv6_route, which need no program: a minimal image may not
 * have `ip`. The second knows no tables, so a link with a table of its own would always have one:
 * ask for the primary's. Columns: the kernel's fib_route_seq_show and rt6_info_route.
 */
export async function readDefaultRoutes(
  host: Pick<Host, "files">,
  link: string,
): Promise<DefaultRoutes> {
  const [ipv4, ipv6] = await Promise.all([
    readRows(host, "/proc/net/route"),
    readRows(host, "/proc/net/ipv6_route"),
  ]);
  return {
    // Iface Destination Gateway Flags … Mask: both zero, and RTF_UP without RTF_REJECT
    ipv4: findDefaultRouteLinks(ipv4, (row) => [row[0], row[1], row[7], row[3]], /^0{8}$/).includes(
      link,
    ),
    // destination, its length, …, flags, link
    ipv6: findDefaultRouteLinks(
      ipv6,
      (row) => [row[9], row[0], row[1], row[8]],
      /^(?:0{2}|0{32})$/,
    ).includes(link),
  };
}

const RTF_UP = 0x1;
const RTF_REJECT = 0x200;

type Cells = readonly (string | undefined)[];

function findDefaultRouteLinks(
  rows: readonly Cells[],
  pickColumns: (row: Cells) => Cells,
  zeroPattern: RegExp,
): readonly string[] {
  return rows.map(pickColumns).flatMap(([link = "", destination = "", mask = "", flags = ""]) => {
    const bits = Number.parseInt(flags, 16);
    const isDefault = zeroPattern.test(destination) && zeroPattern.test(mask);
    return isDefault && (bits & RTF_UP) !== 0 && (bits & RTF_REJECT) === 0 ? [link] : [];
  });
}

async function readRows(host: Pick<Host, "files">, path: string): Promise<readonly Cells[]> {
  const lines = ((await readText(host, path)) ?? "").split("\n");
  return lines.map((line) => line.trim().split(/\s+/)).filter((cells) => cells.length > 1);
}
