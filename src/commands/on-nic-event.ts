import type { Host } from "../host/host.ts";
import { parseNicEvent } from "../plan/parse-nic-event.ts";
import { addNic } from "./add-nic.ts";
import type { HotplugOptions } from "./hotplug-options.ts";
import { removeNics } from "./remove-nics.ts";
import { reportNothing } from "./report-nothing.ts";

/** `hotplug add`, `hotplug remove`, or what udev's environment says. */
export async function onNicEvent(host: Host, options: HotplugOptions): Promise<number> {
  const event = parseNicEvent(host.env, options.event);
  if (event.kind === "irrelevant") return reportNothing(host, options, [], event.why);
  if (event.kind === "added") return addNic(host, options, event.clue);
  return removeNics(host, options, event);
}
