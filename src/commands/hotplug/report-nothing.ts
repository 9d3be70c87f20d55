import type { Host } from "../../host/host.ts";
import type { NicResult } from "../../model/network-plan.ts";
import { describeNic } from "../../output/plan/describe-nic.ts";
import { renderResult } from "../../output/result.ts";
import type { HotplugOptions } from "./options.ts";

/** Tells of a run of `hotplug` that had nothing to ask and nothing to change, and `why`; gives 0. */
export async function reportNothing(
  host: Pick<Host, "clock" | "log" | "print">,
  { json, dryRun }: Pick<HotplugOptions, "json" | "dryRun">,
  nics: readonly NicResult[],
  why: string | null = null,
): Promise<number> {
  if (why !== null) host.log.info(why);
  for (const nic of nics) host.log.info(describeNic(nic));
  if (!json) return 0;
  const elapsedMs = Math.round(host.clock.now());
  const nothing = { plan: null, imds: null, error: null, differences: null };
  await host.print(renderResult({ command: "hotplug", dryRun, nics, elapsedMs, ...nothing }));
  return 0;
}
