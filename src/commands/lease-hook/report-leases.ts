import { exitCodes, reportOf } from "../../exit.ts";
import type { Host } from "../../host/host.ts";
import { describeSteps } from "../../output/plan/describe-plan.ts";
import { listSteps } from "../../output/plan/plain.ts";
import { renderResult } from "../../output/result.ts";
import type { LeasesDone } from "./carry-out-leases.ts";
import type { HotplugOptions } from "../hotplug/options.ts";

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
