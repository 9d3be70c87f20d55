import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import { startDaemon } from "../daemon.ts";
import type { Sandbox } from "../sandbox.ts";
import { wireName } from "./vpc-wire.ts";

/**
 * Starts a DHCPv6 server that gives all addresses of an attached ENI, where none runs yet. Requests of
 * the ENI get the port of this server, so that dnsmasq only advertises the router.
 */
export async function giveAllByDhcpv6(
  sandbox: Sandbox,
  { mac, ipv6 }: Pick<FullEni, "mac" | "ipv6">,
  bridge: string,
): Promise<void> {
  const wire = wireName(mac);
  const chain = `netdev ${wire} dhcpv6`;
  const rules = [
    `add chain ${chain} { type filter hook ingress device "${wire}" priority -10; }`,
    `flush chain ${chain}`,
    `add rule ${chain} udp dport 547 udp dport set ${dhcpv6Port(mac)}`,
  ];
  await sandbox.run(["nft", "--file", "-"], { stdin: `${rules.join("\n")}\n` });
  const file = join(sandbox.folder, `${wire}.addresses`);
  const isRunning = existsSync(file);
  writeFileSync(file, ipv6.join("\n"));
  if (isRunning) return;
  const program = join(import.meta.dir, "dhcpv6-process.ts");
  await startDaemon(sandbox, {
    argv: [process.execPath, program, bridge, String(dhcpv6Port(mac)), file],
    logFile: `${file}.log`,
    isUp: (output) => output.includes("ready\n"),
  });
}

function dhcpv6Port(mac: string): number {
  const [card = "", device = ""] = mac.split(":").slice(-2);
  return 20_000 + Number.parseInt(`${card}${device}`, 16);
}
