import { withMachineLock } from "../../apply/lock.ts";
import type { Host } from "../../host/host.ts";
import { readNetworkdLeases } from "../../inspect/machine/networkd-leases.ts";
import type { DhcpEvent } from "../../model/dhcp.ts";
import { parseNetworkdLeases } from "../../plan/lease/parse-lease.ts";
import { parseDhcpEvent } from "../../plan/lease/parse-hook-event.ts";
import type { HotplugOptions } from "../hotplug/options.ts";
import { readManagedFiles } from "../../inspect/machine/managed-files.ts";
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
const maxLockWaitMs = 20_000;

/** In which networkd is done with a link whose lease is lost: tens of ms, as seen with 252 and 257. */
const networkdSettleMs = 300;

/**
 * What a DHCP client's hook tells becomes the NIC's table and rules; IMDS is never asked. Where there
 * is nothing to change, nothing is written and nobody is waited for. Gives the exit status; throws
 * what `parseDhcpEvent` and `holdLock` throw.
 */
export async function runLeaseHook(host: Host, options: LeaseHookOptions): Promise<number> {
  const event = parseDhcpEvent(host.env);
  const isNetworkd = event.client === "networkd";
  const result = isNetworkd
    ? await handleUntilSettled(host, options)
    : await handleEvents(host, options, [event]);
  return reportLeases(host, options, result);
}

type LeaseHookOptions = Pick<HotplugOptions, "dryRun" | "json" | "plain">;

async function handleEvents(
  host: Host,
  { dryRun }: LeaseHookOptions,
  events: readonly DhcpEvent[],
): Promise<AppliedLeases> {
  const plan = await planLeaseEvents(host, events);
  if (dryRun || plan.steps.length === 0) return { plan, failure: null };
  const deadlineMs = host.clock.now() + maxLockWaitMs;
  return withMachineLock(host, deadlineMs, () => applyLeaseEvents(host, events));
}

/**
 * Until its leases stay as they are and nothing is left to be done. A path unit looks away while what
 * it started runs (systemd's path_enter_running), so that what changes meanwhile starts nothing; and
 * networkd removes a lease's file before the address, which tells that a table is of no use.
 */
async function handleUntilSettled(
  host: Host,
  options: LeaseHookOptions,
  previousLeases: string | null = null,
): Promise<AppliedLeases> {
  const leases = await readNetworkdLeases(host);
  const result = await handleEvents(host, options, parseNetworkdLeases(leases));
  const currentLeases = JSON.stringify(leases);
  const isSettled = currentLeases === previousLeases && result.plan.steps.length === 0;
  if (isSettled || options.dryRun || result.failure !== null) return result;
  await host.clock.sleep(networkdSettleMs, host.signal);
  const { plan, failure } = await handleUntilSettled(host, options, currentLeases);
  const hasMoreSteps = plan.steps.length > 0;
  return { plan: hasMoreSteps ? mergeLeasePlans([result.plan, plan]) : result.plan, failure };
}

type ReadFactsHost = Pick<Host, "exec" | "files">;

type ApplyLeasesHost = ReadFactsHost & Pick<Host, "log" | "signal">;

export interface AppliedLeases {
  readonly plan: FromDhcpPlan;
  /** What still does not stand, and why; null: all does. */
  readonly failure: Failure | null;
}

/** What these events ask for as the machine is now: of several new NICs all get the same number. */
export async function planLeaseEvents(
  host: ReadFactsHost,
  events: readonly DhcpEvent[],
): Promise<FromDhcpPlan> {
  const facts = await readLeaseFacts(host);
  return mergeLeasePlans(events.map((event) => planFromDhcp(event, facts)));
}

/** One event after the other, each planned with what the one before has made. */
export async function applyLeaseEvents(
  host: ApplyLeasesHost,
  events: readonly DhcpEvent[],
): Promise<AppliedLeases> {
  const results: AppliedLeases[] = [];
  let facts = await readLeaseFacts(host);
  for (const event of events) {
    const result = await applyLeaseEvent(host, event, facts);
    facts = result.facts;
    results.push(result);
  }
  const failure = results.find((each) => each.failure !== null)?.failure ?? null;
  return { plan: mergeLeasePlans(results.map(({ plan }) => plan)), failure };
}

interface AppliedLease extends AppliedLeases {
  /** Afterwards. */
  readonly facts: FromDhcpFacts;
}

/** Twice where a step fails: networkd may have made the same a moment earlier, and the rest counts. */
async function applyLeaseEvent(
  host: ApplyLeasesHost,
  event: DhcpEvent,
  factsBefore: FromDhcpFacts,
): Promise<AppliedLease> {
  const plan = planFromDhcp(event, factsBefore);
  if (plan.steps.length === 0) return { plan, facts: factsBefore, failure: null };
  const failed = await runSteps(host, plan.steps);
  const facts = await readLeaseFacts(host);
  if (failed.length === 0) return { plan, facts, failure: null };
  const [retryFailure] = await runSteps(host, planFromDhcp(event, facts).steps);
  if (retryFailure === undefined) return { plan, facts: await readLeaseFacts(host), failure: null };
  return { plan: markFailed(plan, retryFailure.failure), facts, failure: retryFailure.failure };
}

async function readLeaseFacts(host: ReadFactsHost): Promise<FromDhcpFacts> {
  const [links, kernel, state] = await Promise.all([
    readLinks(host),
    readKernel(host),
    readManagedFiles(host),
  ]);
  return { links, kernel, state };
}

function markFailed(plan: FromDhcpPlan, { message }: Failure): FromDhcpPlan {
  const nics = plan.nics.map((nic) =>
    nic.outcome === "skipped" ? nic : { ...nic, outcome: "failed" as const, reason: message },
  );
  return { ...plan, nics };
}

/** Several, one after the other, as one. */
export function mergeLeasePlans(plans: readonly FromDhcpPlan[]): FromDhcpPlan {
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
  { plan: { steps, reasons, nics }, failure }: AppliedLeases,
): Promise<number> {
  const error = failure === null ? null : reportOf(failure);
  const elapsedMs = Math.round(host.clock.now());
  if (json) {
    const plan = { backend: null, write: [], remove: [], steps, reasons };
    const empty = { imds: null, differences: null };
    await host.print(
      renderResult({ command: "hotplug", dryRun, nics, plan, elapsedMs, error, ...empty }),
    );
  } else if (dryRun) await host.print((plain ? listSteps : describeSteps)(steps, reasons));
  else
    for (const { name, outcome, reason } of nics) host.log.info(`${name}: ${outcome} (${reason})`);
  for (const reason of reasons) host.log.verbose(reason);
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}
