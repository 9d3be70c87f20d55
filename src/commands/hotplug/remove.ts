import type { Host } from "../../host/host.ts";
import type { Link } from "../../model/link.ts";
import type { NicEvent } from "../../model/hotplug.ts";
import type { NicResult } from "../../model/plan.ts";
import type { RemovalVerdict } from "../../plan/presence/removal.ts";
import { applyNics, unasked } from "../configure/apply.ts";
import type { HotplugOptions } from "./options.ts";
import { lookForRemovals } from "../configure/find-removed.ts";
import { reportActivation } from "../configure/report.ts";
import { reportNothing } from "./report.ts";

type Removal = Extract<NicEvent, { kind: "gone-from-kernel" | "gone-from-bus" }>;

/**
 * `hotplug remove`: of every NIC of ours that has no link, the kernel says whether its device is
 * gone. Where none is, as after a driver's unload, nothing is written, run or waited for.
 */
export async function removeNics(
  host: Host,
  options: HotplugOptions,
  event: Removal,
): Promise<number> {
  const { removals, links } = await lookForRemovals(host, options.root);
  const isGone = removals.some(({ verdict }) => verdict === "gone");
  if (!isGone) {
    const why = whyHere(links, event) ?? (removals.length === 0 ? "nothing of ours is gone" : null);
    return reportNothing(host, options, removals.map(keptNic), why);
  }
  const applied = await applyNics(host, options, unasked, []);
  return reportActivation(host, options, { command: "hotplug", asked: unasked, ...applied });
}

/** Who is told to be gone, and is not. */
function whyHere(links: readonly Link[], event: Removal): string | null {
  if (event.kind === "gone-from-bus") return null;
  const { name, mac } = event;
  const link = links.find((each) => each.name === name || (mac !== null && each.mac === mac));
  return link === undefined ? null : `${link.name} is here: nothing is taken away`;
}

function keptNic({ mac, why }: RemovalVerdict): NicResult {
  return { mac, name: null, eni: null, outcome: "kept", reason: why };
}
