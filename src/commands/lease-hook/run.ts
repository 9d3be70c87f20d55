import { withMachineLock } from "../../apply/lock.ts";
import { runSteps } from "../../apply/run-steps.ts";
import type { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { readKernel } from "../../inspect/kernel/kernel-state.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { readManagedFiles } from "../../inspect/machine/managed-files.ts";
import { readNetworkdLeases } from "../../inspect/machine/networkd-leases.ts";
import type { DhcpEvent } from "../../model/dhcp.ts";
import { listSteps } from "../../output/plan/plain.ts";
import { describeSteps } from "../../output/plan/terminal.ts";
import { parseDhcpEvent } from "../../plan/lease/parse-hook-event.ts";
import { parseNetworkdLeases } from "../../plan/lease/parse-lease.ts";
import { type FromDhcpFacts, type FromDhcpPlan, planFromDhcp } from "../../plan/lease/plan.ts";
import { reportRun, type ReportHost } from "../configure/report.ts";
import type { HotplugOptions } from "../hotplug/options.ts";

/**
 * How long a hook waits for another run at most. The DHCP client waits for its hook, and networkd's
 * unit is ended after 30 s. The other run has metadata, which says more than a lease.
 */
const maxLockWaitMs = 20_000;

/** networkd needs about 10 ms to handle a lost lease (measured with versions 252 and 257). */
const networkdSettleMs = 300;

type LeaseHookOptions = Pick<HotplugOptions, "dryRun" | "json" | "plain">;

/**
 * `hotplug --from-dhcp`: sets a NIC's table and rules according to a DHCP client's lease, without
 * IMDS. If nothing has to change, it writes nothing and does not wait for the lock. Returns the
 * exit status. Throws what `parseDhcpEvent` and `withMachineLock` throw.
 */
export async function runLeaseHook(host: Host, options: LeaseHookOptions): Promise<number> {
  const event = parseDhcpEvent(host.env);
  const result =
    event.client === "networkd"
      ? await handleUntilSettled(host, options)
      : await handleEvents(host, options, [event]);
  return reportLeases(host, options, result);
}

async function handleEvents(
  host: Host,
  { dryRun }: LeaseHookOptions,
  events: readonly DhcpEvent[],
): Promise<AppliedLeases> {
  const facts = await readLeaseFacts(host);
  // only a preview: each event is planned for the same facts, so two new NICs get the same number
  const plan = mergeLeasePlans(events.map((event) => planFromDhcp(event, facts)));
  if (dryRun || plan.steps.length === 0) return { plan, failure: null };
  const deadlineMs = host.clock.now() + maxLockWaitMs;
  return withMachineLock(host, deadlineMs, () => applyLeaseEvents(host, events));
}

/**
 * Handles networkd's leases until they no longer change and no step is left. Looks for changes
 * itself, because systemd's path unit ignores changes while its service runs
 * (`path_enter_running`). For a lost lease, networkd removes the lease's file and later the
 * address; ec2nic removes the table only after the address.
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
  return {
    plan: plan.steps.length > 0 ? mergeLeasePlans([result.plan, plan]) : result.plan,
    failure,
  };
}

interface AppliedLeases {
  readonly plan: FromDhcpPlan;
  /** Why a step for a table or rule failed; null if no step failed. */
  readonly failure: Failure | null;
}

/** Applies the events in order. Each event is planned with the facts after the previous event. */
async function applyLeaseEvents(host: Host, events: readonly DhcpEvent[]): Promise<AppliedLeases> {
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
  /** The facts after the event was applied. */
  readonly facts: FromDhcpFacts;
}

/** Applies an event. After a failed step, plans again: perhaps networkd made the same change. */
async function applyLeaseEvent(
  host: Host,
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

async function readLeaseFacts(host: Host): Promise<FromDhcpFacts> {
  const reads = [readLinks(host), readKernel(host), readManagedFiles(host)] as const;
  const [links, kernel, state] = await Promise.all(reads);
  return { links, kernel, state };
}

function markFailed(plan: FromDhcpPlan, { message }: Failure): FromDhcpPlan {
  const nics = plan.nics.map((nic) =>
    nic.outcome === "skipped" ? nic : { ...nic, outcome: "failed" as const, reason: message },
  );
  return { ...plan, nics };
}

/** Joins plans that are applied one after the other. */
function mergeLeasePlans(plans: readonly FromDhcpPlan[]): FromDhcpPlan {
  return {
    steps: plans.flatMap(({ steps }) => steps),
    reasons: plans.flatMap(({ reasons }) => reasons),
    nics: plans.flatMap(({ nics }) => nics),
  };
}

/** Reports what was changed because of DHCP leases; returns the exit status. */
function reportLeases(
  host: ReportHost,
  options: LeaseHookOptions,
  { plan: { steps, reasons, nics }, failure }: AppliedLeases,
): Promise<number> {
  const plan = { backend: null, write: [], remove: [], steps, reasons };
  const result = { command: "hotplug", nics, plan, imds: null, failure, reasons };
  return reportRun(host, options, result, async () => {
    if (options.dryRun)
      return host.print((options.plain ? listSteps : describeSteps)(steps, reasons));
    for (const { name, outcome, reason } of nics) host.log.info(`${name}: ${outcome} (${reason})`);
  });
}
