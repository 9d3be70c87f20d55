import type { Host } from "../host/host.ts";
import type { NicResult } from "../net/network-plan.ts";
import type { RemovalVerdict } from "../plan/judge-removal.ts";
import { applyNics, unasked } from "./apply-nics.ts";
import type { HotplugOptions } from "./hotplug-options.ts";
import { lookForRemovals } from "./look-for-removals.ts";
import { reportActivation } from "./report-activation.ts";
import { reportNothing } from "./report-nothing.ts";

/**
 * `hotplug remove`: of every NIC of ours that has no link, the kernel says whether its device is
 * gone. Where none is, as after a driver's unload, nothing is written, run or waited for.
 */
export async function removeNics(host: Host, options: HotplugOptions): Promise<number> {
  const { removals } = await lookForRemovals(host, options.root);
  const isGone = removals.some(({ verdict }) => verdict === "gone");
  if (!isGone) return reportNothing(host, options, removals.map(keptNic));
  const applied = await applyNics(host, options, unasked, []);
  return reportActivation(host, options, { command: "hotplug", asked: unasked, ...applied });
}

function keptNic({ mac, why }: RemovalVerdict): NicResult {
  return { mac, name: null, eni: null, outcome: "kept", reason: why };
}
