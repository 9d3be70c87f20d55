import type { ApplyResult } from "../../model/plan.ts";
import { exitCodes, Failure, reportOf } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import type { NicResult } from "../../model/plan.ts";
import { describeCheck, differencesJson, repairedLines } from "../../output/plan/check.ts";
import { describeNic, describePlan } from "../../output/plan/terminal.ts";
import { listPlan } from "../../output/plan/plain.ts";
import { renderResult } from "../../output/result.ts";
import type { ActivateOptions } from "./options.ts";
import type { LoadedEnis } from "./load-enis.ts";
import type { CollectedFacts } from "../../plan/facts.ts";
import type { ActivationPlan } from "../../plan/plan-activation.ts";

/** A run, as far as it is told of. */
export interface ActivationReport extends ApplyResult {
  readonly command: "activate" | "hotplug";
  readonly loaded: Pick<LoadedEnis, "imds">;
  readonly collected: Pick<CollectedFacts, "facts">;
  readonly plan: ActivationPlan;
}

/** Tells what came of a run, on stdout and stderr; gives the exit status. */
export async function reportActivation(
  host: Pick<Host, "clock" | "log" | "print">,
  options: Pick<ActivateOptions, "check" | "dryRun" | "json" | "plain">,
  { command, loaded: { imds }, collected, plan, nics, failure }: ActivationReport,
): Promise<number> {
  const { check, dryRun, plain } = options;
  const finalFailure = failure ?? findIncompleteFailure(nics);
  const error = finalFailure === null ? null : reportOf(finalFailure);
  const elapsedMs = Math.round(host.clock.now());
  const differences = check ? differencesJson(plan.differences) : null;
  if (options.json) {
    const result = { command, dryRun, nics, plan, imds, elapsedMs, error, differences };
    await host.print(renderResult(result));
  } else if (check) await host.print(describeCheck(plan.differences, plain));
  else if (dryRun) await host.print((plain ? listPlan : describePlan)(plan, collected.facts.state));
  else {
    for (const nic of nics) host.log.info(describeNic(nic));
    if (failure === null) {
      for (const line of repairedLines(plan.differences, plan.steps)) host.log.info(line);
    }
  }
  for (const warning of plan.warnings) host.log.warn(warning);
  for (const reason of plan.reasons) host.log.verbose(reason);
  if (error !== null) host.log.error(error.message, error.hint);
  if (check && plan.differences.length > 0) return error?.code ?? exitCodes.DIFFERENCE;
  return error?.code ?? exitCodes.OK;
}

function findIncompleteFailure(nics: readonly NicResult[]): Failure | null {
  const incompleteNics = nics.filter(({ outcome }) => outcome === "incomplete");
  if (incompleteNics.length === 0) return null;
  const macs = incompleteNics
    .map(({ mac, reason }) => `${mac}: ${reason ?? "not known yet"}`)
    .join("; ");
  const hint = "run it again when it is";
  return new Failure("TEMPFAIL", `metadata is not complete: ${macs}`, { hint });
}
