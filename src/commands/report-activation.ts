import { Failure, reportOf } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Applied } from "../apply/apply-plan.ts";
import { describePlan } from "../output/describe-plan.ts";
import type { NetworkPlan, NicResult } from "../net/network-plan.ts";
import { renderResult } from "../output/result.ts";
import type { ActivateOptions } from "./activate-options.ts";
import type { Gathered } from "./gather-facts.ts";

/** A plan, and what came of it. */
interface Carried extends Applied {
  readonly plan: NetworkPlan;
}

/** Tells what came of a plan, on stdout and stderr; gives the exit status. */
export async function reportActivation(
  host: Pick<Host, "clock" | "log" | "print">,
  options: Pick<ActivateOptions, "dryRun" | "json">,
  { facts, imds }: Gathered,
  { plan, nics, failure }: Carried,
): Promise<number> {
  const ending = failure ?? incompleteFailure(nics);
  const error = ending === null ? null : reportOf(ending);
  const elapsedMs = Math.round(host.clock.now());
  if (options.json) {
    await host.print(
      renderResult({
        command: "activate",
        dryRun: options.dryRun,
        nics,
        plan,
        imds,
        elapsedMs,
        error,
      }),
    );
  } else if (options.dryRun) await host.print(describePlan(plan, facts.state));
  else for (const nic of nics) host.log.info(sentence(nic));
  for (const reason of plan.reasons) host.log.verbose(reason);
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? 0;
}

function sentence({ mac, name, eni, outcome, reason }: NicResult): string {
  const who = [name ?? mac, ...(eni === null ? [] : [eni])].join(" ");
  return `${who}: ${outcome}${reason === undefined ? "" : ` (${reason})`}`;
}

function incompleteFailure(nics: readonly NicResult[]): Failure | null {
  const late = nics.filter(({ outcome }) => outcome === "incomplete");
  if (late.length === 0) return null;
  const macs = late.map(({ mac, reason }) => `${mac}: ${reason ?? "not known yet"}`).join("; ");
  const hint = "run it again when it is";
  return new Failure("TEMPFAIL", `metadata is not complete: ${macs}`, { hint });
}
