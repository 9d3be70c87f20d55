import type { TargetHost } from "../../host/target.ts";
import type { Link } from "../../model/link.ts";
import type { NicEvent } from "../../model/hotplug.ts";
import type { NicResult } from "../../model/plan.ts";
import type { NicPresence } from "../../plan/presence/removal.ts";
import { configureNics, noLoadedEnis } from "../configure/apply.ts";
import type { HotplugOptions } from "./options.ts";
import { findRemovedNics } from "../configure/find-removed.ts";
import { reportActivation } from "../configure/report.ts";
import { reportNoChange } from "./report.ts";

type RemovalEvent = Extract<NicEvent, { kind: "gone-from-kernel" | "gone-from-bus" }>;

/**
 * `hotplug remove`: of every NIC of ours that has no link, the kernel says whether its device is
 * gone. Where none is, as after a driver's unload, nothing is written, run or waited for.
 */
export async function removeNics(
  host: TargetHost,
  options: HotplugOptions,
  event: RemovalEvent,
): Promise<number> {
  const { removals, links } = await findRemovedNics(host);
  const isGone = removals.some(({ presence }) => presence === "gone");
  if (!isGone) {
    const reason =
      describePresentLink(links, event) ??
      (removals.length === 0 ? "nothing of ours is gone" : null);
    return reportNoChange(host, options, removals.map(toKeptNic), reason);
  }
  const applied = await configureNics(host, options, noLoadedEnis, []);
  return reportActivation(host, options, { command: "hotplug", loaded: noLoadedEnis, ...applied });
}

/** Who is told to be gone, and is not. */
function describePresentLink(links: readonly Link[], event: RemovalEvent): string | null {
  if (event.kind === "gone-from-bus") return null;
  const { name, mac } = event;
  const link = links.find((each) => each.name === name || (mac !== null && each.mac === mac));
  return link === undefined ? null : `${link.name} is here: nothing is taken away`;
}

function toKeptNic({ mac, reason }: NicPresence): NicResult {
  return { mac, name: null, eni: null, outcome: "kept", reason: reason };
}
