import type { TargetHost } from "../../host/target.ts";
import { parseNicEvent } from "../../plan/presence/parse-udev-event.ts";
import { addNic } from "./add.ts";
import type { HotplugOptions } from "./options.ts";
import { removeNics } from "./remove.ts";
import { reportNoChange } from "./report.ts";

/** Runs `hotplug add` or `hotplug remove`; if neither was typed, udev's environment says which. */
export async function handleNicEvent(host: TargetHost, options: HotplugOptions): Promise<number> {
  const event = parseNicEvent(host.env, options.event);
  if (event.kind === "irrelevant") return reportNoChange(host, options, [], event.reason);
  if (event.kind === "added") return addNic(host, options, event.selector);
  return removeNics(host, options, event);
}
