import type { BusDevice } from "../net/bus-device.ts";
import type { Link } from "../net/link.ts";
import { silentDevices } from "./judge-removal.ts";

/**
 * Which of these MACs, that IMDS lists, no NIC here can have: none has it, and every device on the
 * machine's buses shows another. IMDS lists an ENI for seconds after it was detached (VPC CNI #1008),
 * and before its device comes, whose event configures it. Where a device shows no link, or there is
 * no bus to be seen, nothing is said of any.
 */
export function whoIsAbsent(
  listed: readonly { readonly mac: string }[],
  { links, devices }: { readonly links: readonly Link[]; readonly devices: readonly BusDevice[] },
): readonly string[] {
  const isAllSeen = devices.length > 0 && silentDevices(devices, links).length === 0;
  if (!isAllSeen || links.length === 0) return [];
  const present = new Set(links.map(({ mac }) => mac));
  return listed.map(({ mac }) => mac).filter((mac) => !present.has(mac));
}
