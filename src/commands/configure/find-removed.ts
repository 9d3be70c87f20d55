import { inspectHost } from "../../inspect/machine/managed-files.ts";
import type { Host } from "../../host/host.ts";
import { readBus } from "../../inspect/links/bus.ts";
import { readLinks } from "../../inspect/links/links.ts";
import type { BusDevice, Link } from "../../model/link.ts";
import type { HostState } from "../../model/plan.ts";
import type { NicNote } from "../../model/nic-records.ts";
import { judgeRemoval, type RemovalVerdict } from "../../plan/presence/removal.ts";
import { parseUnmanaged } from "../../plan/config/select-nics.ts";
import { readableNotes } from "../../inspect/nic-records.ts";

export interface SeenNics {
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly notes: readonly NicNote[];
  readonly state: HostState;
  /** What became of those of ours that have no link. */
  readonly removals: readonly RemovalVerdict[];
}

/**
 * What is on the machine's buses, and what became of NICs that are configured and not here. Throws
 * `NOPERM` where there are such and this user may not know what was noted of them.
 */
export async function lookForRemovals(
  host: Pick<Host, "files" | "uid">,
  root: string,
): Promise<SeenNics> {
  // links first: one that goes between the two readings is on its bus still, and nothing is done
  const [links, state] = [await readLinks(host), await inspectHost(host, root)];
  const { files } = state;
  const { entries: unmanaged } = parseUnmanaged(state.unmanaged);
  const missing = judgeRemoval({ files, links, devices: [], notes: [], unmanaged });
  const notes = await readableNotes(host, root, missing.length > 0);
  const devices = await readBus(host);
  const removals = judgeRemoval({ files, links, devices, notes, unmanaged });
  return { links, devices, notes, state, removals };
}
