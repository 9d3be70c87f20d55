import { holdLock } from "../../apply/lock.ts";
import type { Host } from "../../host/host.ts";
import { readNetworkdLeases } from "../../inspect/machine/networkd-leases.ts";
import type { DhcpEvent } from "../../model/dhcp-event.ts";
import { networkdEvents } from "../../plan/lease/networkd-events.ts";
import { parseDhcpEvent } from "../../plan/lease/parse-event.ts";
import { carryOutLeases, joinPlans, type LeasesDone, planLeases } from "./carry-out-leases.ts";
import type { HotplugOptions } from "../hotplug/options.ts";
import { reportLeases } from "./report-leases.ts";

/**
 * How long a hook may wait for another run: a DHCP client waits for its hook, networkd's unit is
 * ended after 30 s, and the run that is waited for knows more than a lease tells.
 */
const patienceMs = 20_000;
/** In which networkd is done with a link whose lease is lost: tens of ms, as seen with 252 and 257. */
const settleMs = 300;

/**
 * What a DHCP client's hook tells becomes the NIC's table and rules; IMDS is never asked. Where there
 * is nothing to change, nothing is written and nobody is waited for. Gives the exit status; throws
 * what `parseDhcpEvent` and `holdLock` throw.
 */
export async function fromDhcp(host: Host, options: Wish): Promise<number> {
  const event = parseDhcpEvent(host.env);
  const isNetworkd = event.client === "networkd";
  const done = isNetworkd
    ? await followNetworkd(host, options)
    : await handle(host, options, [event]);
  return reportLeases(host, options, done);
}

type Wish = Pick<HotplugOptions, "dryRun" | "json" | "plain">;

async function handle(
  host: Host,
  { dryRun }: Wish,
  events: readonly DhcpEvent[],
): Promise<LeasesDone> {
  const plan = await planLeases(host, events);
  if (dryRun || plan.steps.length === 0) return { plan, failure: null };
  const deadlineMs = host.clock.now() + patienceMs;
  return holdLock(host, deadlineMs, () => carryOutLeases(host, events));
}

/**
 * Until its leases stay as they are and nothing is left to be done. A path unit looks away while what
 * it started runs (systemd's path_enter_running), so that what changes meanwhile starts nothing; and
 * networkd removes a lease's file before the address, which tells that a table is of no use.
 */
async function followNetworkd(
  host: Host,
  options: Wish,
  before: string | null = null,
): Promise<LeasesDone> {
  const leases = await readNetworkdLeases(host);
  const done = await handle(host, options, networkdEvents(leases));
  const seen = JSON.stringify(leases);
  const isSettled = seen === before && done.plan.steps.length === 0;
  if (isSettled || options.dryRun || done.failure !== null) return done;
  await host.clock.sleep(settleMs, host.signal);
  const { plan, failure } = await followNetworkd(host, options, seen);
  const isMore = plan.steps.length > 0;
  return { plan: isMore ? joinPlans([done.plan, plan]) : done.plan, failure };
}
