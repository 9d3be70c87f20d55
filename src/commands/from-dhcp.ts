import { holdLock } from "../apply/hold-lock.ts";
import type { Host } from "../host/host.ts";
import { readNetworkdLeases } from "../links/read-networkd-lease.ts";
import type { DhcpEvent } from "../net/dhcp-event.ts";
import { networkdEvents } from "../plan/networkd-events.ts";
import { parseDhcpEvent } from "../plan/parse-dhcp-event.ts";
import { carryOutLeases, planLeases } from "./carry-out-leases.ts";
import type { HotplugOptions } from "./hotplug-options.ts";
import { reportLeases } from "./report-leases.ts";

/**
 * How long a hook may wait for another run: a DHCP client waits for its hook, networkd's unit is
 * ended after 30 s, and the run that is waited for knows more than a lease tells.
 */
const patienceMs = 20_000;

/**
 * What a DHCP client's hook tells becomes the NIC's table and rules; IMDS is never asked. Where there
 * is nothing to change, nothing is written and nobody is waited for. Gives the exit status; throws
 * what `parseDhcpEvent` and `holdLock` throw.
 */
export async function fromDhcp(
  host: Host,
  options: Pick<HotplugOptions, "dryRun" | "json">,
): Promise<number> {
  const events = await eventsOf(host);
  const glance = await planLeases(host, events);
  if (options.dryRun || glance.steps.length === 0) {
    return reportLeases(host, options, { plan: glance, failure: null });
  }
  const deadlineMs = host.clock.now() + patienceMs;
  const done = await holdLock(host, deadlineMs, () => carryOutLeases(host, events));
  return reportLeases(host, options, done);
}

async function eventsOf(host: Pick<Host, "env" | "files">): Promise<readonly DhcpEvent[]> {
  const event = parseDhcpEvent(host.env);
  return event.client === "networkd" ? networkdEvents(await readNetworkdLeases(host)) : [event];
}
