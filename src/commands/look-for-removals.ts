import { inspectHost } from "../apply/inspect-host.ts";
import type { Host } from "../host/host.ts";
import { readNicNotes } from "../links/nic-notes.ts";
import { readBus } from "../links/read-bus.ts";
import { readLinks } from "../links/read-links.ts";
import type { BusDevice } from "../net/bus-device.ts";
import type { HostState } from "../net/host-state.ts";
import type { Link } from "../net/link.ts";
import type { NicNote } from "../net/nic-notes.ts";
import { judgeRemoval, type RemovalVerdict } from "../plan/judge-removal.ts";
import { parseUnmanaged } from "../plan/unmanaged.ts";

export interface SeenNics {
  readonly links: readonly Link[];
  readonly devices: readonly BusDevice[];
  readonly notes: readonly NicNote[];
  readonly state: HostState;
  /** What became of those of ours that have no link. */
  readonly removals: readonly RemovalVerdict[];
}

/** What is on the machine's buses, and what became of NICs that are configured and not here. */
export async function lookForRemovals(host: Pick<Host, "files">, root: string): Promise<SeenNics> {
  // links first: one that goes between the two readings is on its bus still, and nothing is done
  const [links, state, notes] = [
    await readLinks(host),
    await inspectHost(host, root),
    await readNicNotes(host, root),
  ];
  const devices = await readBus(host);
  const { files } = state;
  const { entries: unmanaged } = parseUnmanaged(state.unmanaged);
  const removals = judgeRemoval({ files, links, devices, notes, unmanaged });
  return { links, devices, notes, state, removals };
}
