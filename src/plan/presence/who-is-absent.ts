import type { BusDevice } from "../../model/bus-device.ts";
import type { Link } from "../../model/link.ts";
import { macOf } from "./judge-removal.ts";

interface Listed {
  readonly mac: string;
  readonly isPrimary: boolean;
}

/**
 * Which of these MACs, that IMDS lists, no NIC here can have: none has it, and every device on the
 * machine's buses is some other that it lists. IMDS lists an ENI for seconds after it was detached
 * (VPC CNI #1008), and before its device comes, whose event configures it. Where a device shows no
 * link, or a MAC that IMDS does not know (one can be set), or there is no bus to be seen, nothing is
 * said of any; of the primary, which cannot be detached, never.
 */
export function whoIsAbsent(
  listed: readonly Listed[],
  { links, devices }: { readonly links: readonly Link[]; readonly devices: readonly BusDevice[] },
): readonly string[] {
  const known = new Set(listed.map(({ mac }) => mac));
  const shown = devices.map((device) => macOf(device, links));
  const isAllSeen = devices.length > 0 && shown.every((mac) => mac !== null && known.has(mac));
  if (!isAllSeen) return [];
  const present = new Set(links.map(({ mac }) => mac));
  return listed
    .filter(({ mac, isPrimary }) => !isPrimary && !present.has(mac))
    .map(({ mac }) => mac);
}
