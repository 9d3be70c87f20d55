import { exitCodes, Failure, reportOf } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { unmanagedPath } from "../../model/managed-paths.ts";
import type { NicResult } from "../../model/plan.ts";
import { describeCheck, differencesJson, repairedLines } from "../../output/plan/check.ts";
import { listPlan } from "../../output/plan/plain.ts";
import { describeNic, describePlan } from "../../output/plan/terminal.ts";
import { renderResult, type Result } from "../../output/result.ts";
import type { AppliedConfiguration } from "./configure-nics.ts";
import type { LoadedEnis } from "./load-enis.ts";
import type { ConfigureOptions } from "./options.ts";

export type ReportHost = Pick<Host, "clock" | "log" | "print">;

interface ActivationReport extends AppliedConfiguration {
  readonly command: "activate" | "hotplug";
  readonly loaded: Pick<LoadedEnis, "imds">;
}

/** Reports a configuration run on stdout and stderr; returns the exit status. */
export async function reportActivation(
  host: ReportHost,
  options: Pick<ConfigureOptions, "check" | "dryRun" | "json" | "plain">,
  { command, loaded: { imds }, collected, plan, nics, failure }: ActivationReport,
): Promise<number> {
  const { check = false, dryRun, plain } = options;
  const differences = check ? differencesJson(plan.differences) : null;
  const incomplete = findIncompleteFailure(nics, "run the command again later");
  const result = { command, nics, plan, imds, differences, failure: failure ?? incomplete };
  const { warnings, reasons } = plan;
  const code = await reportRun(host, options, { ...result, warnings, reasons }, async () => {
    if (check) return host.print(describeCheck(plan.differences, plain));
    if (dryRun) return host.print((plain ? listPlan : describePlan)(plan, collected.facts.state));
    for (const nic of nics) host.log.info(describeNic(nic));
    if (failure !== null) return;
    for (const line of repairedLines(plan.differences, plan.steps)) host.log.info(line);
  });
  const isDifferent = check && plan.differences.length > 0;
  return code === exitCodes.OK && isDifferent ? exitCodes.DIFFERENCE : code;
}

/**
 * The failure of a run that could not configure a NIC because of its metadata; else null. It is
 * `TEMPFAIL` as long as waiting can help, and then `DATAERR`.
 */
export function findIncompleteFailure(nics: readonly NicResult[], hint: string): Failure | null {
  const incomplete = nics.filter(({ outcome }) => outcome === "incomplete");
  if (incomplete.length === 0) return null;
  const macs = incomplete.map(({ mac, reason }) => `${mac} (${reason ?? "reason not known yet"})`);
  const message = `metadata is incomplete for ${macs.join(", ")}`;
  if (incomplete.some(({ isFinal }) => isFinal !== true)) {
    return new Failure("TEMPFAIL", message, { hint });
  }
  const finalHint = `the metadata does not change, so waiting does not help; ${unmanagedPath} can list the NIC`;
  return new Failure("DATAERR", message, { hint: finalHint });
}

/** The result of a run. Warnings and reasons are logged. */
interface RunReport extends Omit<Result, "dryRun" | "elapsedMs" | "error"> {
  readonly failure: Failure | null;
  readonly warnings?: readonly string[];
  readonly reasons?: readonly string[];
}

/** Prints the result (`--json`) or calls `printText`, and then logs. Returns the exit status. */
export async function reportRun(
  host: ReportHost,
  { dryRun, json }: Pick<ConfigureOptions, "dryRun" | "json">,
  { failure, warnings = [], reasons = [], ...result }: RunReport,
  printText: () => Promise<void>,
): Promise<number> {
  const error = failure === null ? null : reportOf(failure);
  const elapsedMs = Math.round(host.clock.now());
  await (json ? host.print(renderResult({ ...result, dryRun, elapsedMs, error })) : printText());
  for (const warning of warnings) host.log.warn(warning);
  for (const reason of reasons) host.log.verbose(reason);
  if (error !== null) host.log.error(error.message, error.hint);
  return error?.code ?? exitCodes.OK;
}
