import { expect, test } from "bun:test";
import { readDefaultRoutes } from "../../../../src/inspect/kernel/default-routes.ts";
import { systemFiles } from "../../../../src/host/files.ts";
import type { Files } from "../../../../src/host/host.ts";

/** The output of Linux 6.18. */
const ipv4 = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
  "ens5\t00000000\t0100000A\t0003\t0\t0\t512\t00000000\t0\t0\t0",
  "ens6\t0001000A\t00000000\t0001\t0\t0\t513\t00FFFFFF\t0\t0\t0",
  "ens7\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0",
].join("\n");

const zeros = "0".repeat(32);
const ipv6 = [
  `${zeros} 00 ${zeros} 00 fe80000000000000000000000000000a 00000200 00000001 00000000 00000003     ens5`,
  `fe800000000000000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001     ens6`,
  `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000001 00000000 00200200       lo`,
].join("\n");

const files: Files = {
  ...systemFiles,
  read: async (path) =>
    new TextEncoder().encode(
      path === "/proc/net/route" ? ipv4 : path.endsWith("6_route") ? ipv6 : "",
    ),
};

test.each([
  { link: "ens5", ipv4: true, ipv6: true },
  { link: "ens6", ipv4: false, ipv6: false },
  { link: "ens7", ipv4: false, ipv6: false },
  { link: "ens", ipv4: false, ipv6: false },
  { link: "lo", ipv4: false, ipv6: false },
])("$link: IPv4 $ipv4, IPv6 $ipv6", async ({ link, ...expected }) => {
  expect(await readDefaultRoutes({ files }, link)).toEqual(expected);
});

test("a kernel without IPv6 has no IPv6 default route", async () => {
  const without: Files = {
    ...files,
    read: async (path) => (path.endsWith("6_route") ? null : files.read(path)),
  };
  expect(await readDefaultRoutes({ files: without }, "ens5")).toEqual({ ipv4: true, ipv6: false });
});
