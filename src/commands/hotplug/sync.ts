import { removeStaleRequests } from "../../apply/leader.ts";
import type { TargetHost } from "../../host/target.ts";
import { configureNics } from "../configure/apply.ts";
import { loadEnis } from "../configure/load-enis.ts";
import type { HotplugOptions } from "./options.ts";
import { reportActivation } from "../configure/report.ts";
import { changesMachine, requireRootUser } from "../../apply/preconditions.ts";

/** `hotplug sync`: everything that IMDS lists, and what events may have missed. */
export async function syncNics(host: TargetHost, options: HotplugOptions): Promise<number> {
  requireRootUser(host, options, "hotplug sync");
  const loaded = await loadEnis(host, options);
  const applied = await configureNics(host, options, loaded, "all");
  if (changesMachine(options)) await removeStaleRequests(host);
  return reportActivation(host, options, { command: "hotplug", loaded, ...applied });
}
