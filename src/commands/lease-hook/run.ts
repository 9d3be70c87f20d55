import { holdLock } from "../../apply/lock.ts";
import type { Host } from "../../host/host.ts";
import { readNetworkdLeases } from "../../inspect/machine/networkd-leases.ts";
import type { DhcpEvent } from "../../model/dhcp.ts";
import { networkdEvents } from "../../plan/lease/parse-lease.ts";
import { parseDhcpEvent } from "../../plan/lease/parse-event.ts";
import type { HotplugOptions } from "../hotplug/options.ts";
import { inspectHost } from "../../inspect/machine/managed-files.ts";
import { runSteps } from "../../apply/run-steps.ts";
import { exitCodes, type Failure, reportOf } from "../../exit.ts";
import { readKernel } from "../../inspect/kernel/kernel-state.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { type FromDhcpFacts, type FromDhcpPlan, planFromDhcp } from "../../plan/lease/plan.ts";
import { describeSteps } from "../../output/plan/terminal.ts";
import { listSteps } from "../../output/plan/plain.ts";
import { renderResult } from "../../output/result.ts";

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

type ReadHost = Pick<Host, "exec" | "files">;

type LeaseHost = ReadHost & Pick<Host, "log" | "signal">;

export interface LeasesDone {
  readonly plan: FromDhcpPlan;
  /** What still does not stand, and why; null: all does. */
  readonly failure: Failure | null;
}

/** What these events ask for as the machine is now: of several new NICs all get the same number. */
export async function planLeases(
  host: ReadHost,
  events: readonly DhcpEvent[],
): Promise<FromDhcpPlan> {
  const facts = await readFacts(host);
  return joinPlans(events.map((event) => planFromDhcp(event, facts)));
}

/** One event after the other, each planned with what the one before has made. */
export async function carryOutLeases(
  host: LeaseHost,
  events: readonly DhcpEvent[],
): Promise<LeasesDone> {
  const done: LeasesDone[] = [];
  let facts = await readFacts(host);
  for (const event of events) {
    const one = await carryOutLease(host, event, facts);
    facts = one.facts;
    done.push(one);
  }
  const failure = done.find((each) => each.failure !== null)?.failure ?? null;
  return { plan: joinPlans(done.map(({ plan }) => plan)), failure };
}

interface LeaseDone extends LeasesDone {
  /** Afterwards. */
  readonly facts: FromDhcpFacts;
}

/** Twice where a step fails: networkd may have made the same a moment earlier, and the rest counts. */
async function carryOutLease(
  host: LeaseHost,
  event: DhcpEvent,
  before: FromDhcpFacts,
): Promise<LeaseDone> {
  const plan = planFromDhcp(event, before);
  if (plan.steps.length === 0) return { plan, facts: before, failure: null };
  const failed = await runSteps(host, plan.steps);
  const facts = await readFacts(host);
  if (failed.length === 0) return { plan, facts, failure: null };
  const [again] = await runSteps(host, planFromDhcp(event, facts).steps);
  if (again === undefined) return { plan, facts: await readFacts(host), failure: null };
  return { plan: asFailed(plan, again.failure), facts, failure: again.failure };
}

async function readFacts(host: ReadHost): Promise<FromDhcpFacts> {
  const [links, kernel, state] = await Promise.all([
    readLinks(host),
    readKernel(host),
    inspectHost(host, "/"),
  ]);
  return { links, kernel, state };
}

function asFailed(plan: FromDhcpPlan, { message }: Failure): FromDhcpPlan {
  const nics = plan.nics.map((nic) =>
    nic.outcome === "skipped" ? nic : { ...nic, outcome: "failed" as const, reason: message },
  );
  return { ...plan, nics };
}

/** Several, one after the other, as one. */
export function joinPlans(plans: readonly FromDhcpPlan[]): FromDhcpPlan {
  return {
    steps: plans.flatMap(({ steps }) => steps),
    reasons: plans.flatMap(({ reasons }) => reasons),
    nics: plans.flatMap(({ nics }) => nics),
  };
}

/** Tells what came of a lease; gives the exit status. */
export async function reportLeases(
  host: Pick<Host, "clock" | "log" | "print">,
  { dryRun, json, plain }: Pick<HotplugOptions, "dryRun" | "json" | "plain">,
  { plan: { steps, reasons, nics }, failure }: LeasesDone,
): Promise<number> {
  const error = failure === null ? null : reportOf(failure);
  const elapsedMs = Math.round(host.clock.now());
  if (json) {
    const plan = { backend: null, write: [], remove: [], steps, reasons };
    const nothing = { imds: null, differences: null };
    await host.print(
      renderResult({ command: "hotplug", dryRun, nics, plan, elapsedMs, error, ...nothing }),
    );
  } else if (dryRun) await host.print((plain ? listSteps : describeSteps)(steps, reasons));
  else
    for (const { name, outcome, reason } of nics) host.log.info(`${name}: ${outcome} (${reason})`);
  for (const reason of reasons) host.log.verbose(reason);
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}
