import { forgetWishes } from "../../apply/leader.ts";
import type { Host } from "../../host/host.ts";
import { applyNics } from "../configure/apply.ts";
import { askForEnis } from "../configure/load-enis.ts";
import type { HotplugOptions } from "./options.ts";
import { reportActivation } from "../configure/report.ts";
import { changesMachine, requireRights } from "../../apply/preconditions.ts";

/** `hotplug sync`: everything that IMDS lists, and what events may have missed. */
export async function syncNics(host: Host, options: HotplugOptions): Promise<number> {
  requireRights(host, options, "hotplug sync");
  const asked = await askForEnis(host, options);
  const applied = await applyNics(host, options, asked, "all");
  if (changesMachine(options)) await forgetWishes(host);
  return reportActivation(host, options, { command: "hotplug", asked, ...applied });
}
