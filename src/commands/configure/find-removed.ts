import { readManagedFiles } from "../../inspect/machine/managed-files.ts";
import type { TargetHost } from "../../host/target.ts";
import { readBus } from "../../inspect/links/bus.ts";
import { readLinks } from "../../inspect/links/links.ts";
import type { BusDevice, Link } from "../../model/link.ts";
import type { HostState } from "../../model/plan.ts";
import type { NicRecord } from "../../model/run-records.ts";
import { classifyRemovals, type NicPresence } from "../../plan/presence/removal.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import { readVisibleRecords } from "../../inspect/nic-records.ts";

export interface NicInventory {
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly records: readonly NicRecord[];
  readonly state: HostState;
  /** The NICs that ec2nic configured and that have no link, and whether their devices are gone. */
  readonly removals: readonly NicPresence[];
}

/**
 * Reads links, buses and our files, and finds configured NICs that are not present. Throws `NOPERM`
 * if there are such NICs but the user cannot read the records of NICs.
 */
export async function findRemovedNics(
  host: Pick<TargetHost, "files" | "target" | "uid">,
): Promise<NicInventory> {
  // links are read before devices, so that a NIC that is removed in between counts as present
  const [links, state] = [await readLinks(host), await readManagedFiles(host.target)];
  const { files } = state;
  const { entries: unmanaged } = parseUnmanaged(state.unmanaged);
  const missing = classifyRemovals({ files, links, devices: [], records: [], unmanaged });
  const records = await readVisibleRecords(host, missing.length > 0);
  const devices = await readBus(host);
  const removals = classifyRemovals({ files, links, devices, records, unmanaged });
  return { links, devices, records, state, removals };
}
