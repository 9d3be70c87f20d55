import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { HotplugOptions } from "./hotplug-options.ts";

/** Not yet. */
export async function syncNics(host: Host, options: HotplugOptions): Promise<number> {
  throw new Failure("USAGE", `hotplug: ${options.job} is not there yet (${host.program})`);
}
