import { forgetWishes } from "../apply/forget-wishes.ts";
import type { Host } from "../host/host.ts";
import { applyNics } from "./apply-nics.ts";
import { askForEnis } from "./ask-for-enis.ts";
import type { HotplugOptions } from "./hotplug-options.ts";
import { reportActivation } from "./report-activation.ts";
import { changesMachine, requireRights } from "./require-rights.ts";

/** `hotplug sync`: everything that IMDS lists, and what events may have missed. */
export async function syncNics(host: Host, options: HotplugOptions): Promise<number> {
  requireRights(host, options, "hotplug sync");
  const asked = await askForEnis(host, options);
  const applied = await applyNics(host, options, asked, "all");
  if (changesMachine(options)) await forgetWishes(host);
  return reportActivation(host, options, { command: "hotplug", asked, ...applied });
}
