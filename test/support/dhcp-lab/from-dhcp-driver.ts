/**
 * Stands in for `ec2nic hotplug --from-dhcp` in a DHCP client's hook: reads what the client tells,
 * plans and carries out, and puts down what came of it, a JSON line for each event.
 */
import { appendFileSync } from "node:fs";
import { inspectHost } from "../../../src/apply/inspect-host.ts";
import type { Host } from "../../../src/host/host.ts";
import { systemHost } from "../../../src/host/system.ts";
import { readKernel } from "../../../src/kernel/read-kernel.ts";
import { readLinks } from "../../../src/links/read-links.ts";
import { readNetworkdLeases } from "../../../src/links/read-networkd-lease.ts";
import type { DhcpEvent } from "../../../src/net/dhcp-event.ts";
import { networkdEvents } from "../../../src/plan/networkd-events.ts";
import { parseDhcpEvent } from "../../../src/plan/parse-dhcp-event.ts";
import { planFromDhcp } from "../../../src/plan/plan-from-dhcp.ts";
import { fromDhcpLog, type HandledEvent } from "./hooked-lab.ts";

const host = systemHost({ format: "text", verbosity: "normal" });
for (const event of await eventsOf(host)) {
  appendFileSync(fromDhcpLog, `${JSON.stringify(await handle(host, event))}\n`);
}
process.exit(0);

async function eventsOf(host: Host): Promise<readonly DhcpEvent[]> {
  const event = parseDhcpEvent(host.env);
  return event.client === "networkd" ? networkdEvents(await readNetworkdLeases(host)) : [event];
}

async function handle(host: Host, event: DhcpEvent): Promise<HandledEvent> {
  const [links, kernel, state] = await Promise.all([
    readLinks(host),
    readKernel(host),
    inspectHost(host, ""),
  ]);
  const { steps, reasons } = planFromDhcp(event, { links, kernel, state });
  const failed: string[] = [];
  for (const { argv, timeoutMs } of steps) {
    const { code, stderr } = await host.exec(argv, { timeoutMs });
    if (code !== 0) failed.push(`${argv.join(" ")}: ${stderr.trim()}`);
  }
  return { event, steps: steps.map(({ argv }) => argv.join(" ")), reasons, failed };
}
