import type { TargetHost } from "../../host/target.ts";
import type { NicEvent } from "../../model/hotplug.ts";
import type { Link } from "../../model/link.ts";
import type { NicResult } from "../../model/plan.ts";
import type { NicPresence } from "../../plan/presence/removal.ts";
import { configureNics } from "../configure/configure-nics.ts";
import { findRemovedNics } from "../configure/find-removed.ts";
import { noLoadedEnis } from "../configure/load-enis.ts";
import { reportActivation } from "../configure/report.ts";
import type { HotplugOptions } from "./options.ts";
import { reportNoChange } from "./report.ts";

type RemovalEvent = Extract<NicEvent, { kind: "link-removed" | "device-removed" }>;

/**
 * `hotplug remove`: removes the configuration of each NIC without a link whose device has left its
 * bus. If there is none (a driver was unloaded), it writes nothing, runs nothing and waits for nothing.
 * Returns the exit status.
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
      (removals.length === 0
        ? "nothing to clean up: no NIC configured by ec2nic was removed"
        : null);
    return reportNoChange(host, options, removals.map(toKeptNic), reason);
  }
  const applied = await configureNics(host, options, noLoadedEnis, []);
  return reportActivation(host, options, { command: "hotplug", loaded: noLoadedEnis, ...applied });
}

/** The event says that a link is gone, but it is present; null: it is not present. */
function describePresentLink(links: readonly Link[], event: RemovalEvent): string | null {
  if (event.kind === "device-removed") return null;
  const { name, mac } = event;
  const link = links.find((each) => each.name === name || (mac !== null && each.mac === mac));
  return link === undefined ? null : `${link.name} is present: nothing was removed`;
}

function toKeptNic({ mac, reason }: NicPresence): NicResult {
  return { mac, name: null, eni: null, outcome: "kept", reason };
}
