import { inspectHost } from "../../inspect/machine/managed-files.ts";
import { runSteps } from "../../apply/run-steps.ts";
import type { Failure } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { readKernel } from "../../inspect/kernel/read-kernel.ts";
import { readLinks } from "../../inspect/links/read-links.ts";
import type { DhcpEvent } from "../../model/dhcp-event.ts";
import {
  type FromDhcpFacts,
  type FromDhcpPlan,
  planFromDhcp,
} from "../../plan/lease/plan-from-dhcp.ts";

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
