import { removeStaleRequests } from "../../apply/leader.ts";
import { changesMachine, requireRootUser } from "../../apply/preconditions.ts";
import type { TargetHost } from "../../host/target.ts";
import { configureNics } from "../configure/configure-nics.ts";
import { loadEnis } from "../configure/load-enis.ts";
import { reportActivation } from "../configure/report.ts";
import type { HotplugOptions } from "./options.ts";

/**
 * `hotplug sync`: configures every NIC that IMDS lists, and removes the configuration of NICs whose
 * removal no event reported. Returns the exit status.
 */
export async function syncNics(host: TargetHost, options: HotplugOptions): Promise<number> {
  requireRootUser(host, options, "hotplug sync");
  const loaded = await loadEnis(host, options);
  const applied = await configureNics(host, options, loaded, "all");
  if (changesMachine(host, options)) await removeStaleRequests(host);
  return reportActivation(host, options, { command: "hotplug", loaded, ...applied });
}
