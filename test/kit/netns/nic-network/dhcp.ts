import { mustRun } from "../../machine/command.ts";
import { until } from "../../basics/until.ts";
import type { NicNetwork } from "./nic-network.ts";
import { type NicSpec, routerOf } from "./nic-spec.ts";
import { farEnd } from "./plug.ts";

/**
 * Starts a DHCP server at the far end of a NIC, with the address of the NIC and the router. Where the
 * far end drops packets, it accepts DHCP requests. The server ends with the network.
 */
export async function serveDhcp(
  network: NicNetwork,
  { name, ipv4 = "", imds }: NicSpec,
): Promise<void> {
  if (imds === "swallows") {
    const rule = "insert rule inet swallow input udp dport 67 accept";
    await network.far(name, ["nft", ...rule.split(" ")]);
  }
  const [address, router] = [ipv4, routerOf(ipv4)].map((each) => each.replace(/\/.*/, ""));
  const argv = [
    "dnsmasq",
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--port=0",
    "--no-ping",
    "--dhcp-authoritative",
    "--leasefile-ro",
    "--log-facility=-",
    `--interface=${farEnd}`,
    `--dhcp-range=${address},${address},255.255.255.0,1h`,
    `--dhcp-option=option:router,${router}`,
  ];
  const server = Bun.spawn([...network.farArgv(name, argv)], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  await until(`${name} has a DHCP server`, async () => {
    if (server.exitCode !== null) throw new Error(`dnsmasq ended with ${server.exitCode}`);
    const sockets = await mustRun(network.farArgv(name, ["cat", "/proc/self/net/udp"]));
    return sockets.includes(":0043 ");
  });
}
