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
 * `hotplug remove`: removes the configuration of each NIC that has no link and whose device has
 * left its bus. If there is no such NIC, as after the unloading of a driver, it changes nothing and
 * does not wait for the lock. Returns the exit status.
 */
export async function removeNics(
  host: TargetHost,
  options: HotplugOptions,
  event: RemovalEvent,
): Promise<number> {
  const { removals, links } = await findRemovedNics(host);
  const isGone = removals.some(({ presence }) => presence === "gone");
  if (!isGone) {
    const noneRemoved = "nothing to clean up, because no NIC configured by ec2nic was removed";
    const reason = removals.length === 0 ? noneRemoved : null;
    const presentLinkReason = describePresentLink(links, event);
    return reportNoChange(host, options, removals.map(toKeptNic), presentLinkReason ?? reason);
  }
  const applied = await configureNics(host, options, noLoadedEnis, []);
  return reportActivation(host, options, { command: "hotplug", loaded: noLoadedEnis, ...applied });
}

/** Says that the link of the event is still present; null if it is not, as the event says. */
function describePresentLink(links: readonly Link[], event: RemovalEvent): string | null {
  if (event.kind === "device-removed") return null;
  const { name, mac } = event;
  const link = links.find((each) => each.name === name || (mac !== null && each.mac === mac));
  return link === undefined ? null : `${link.name} is still present, so nothing was removed`;
}

function toKeptNic({ mac, reason }: NicPresence): NicResult {
  return { mac, name: null, eni: null, outcome: "kept", reason };
}
