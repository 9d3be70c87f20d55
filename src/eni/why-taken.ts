import type { TakenPlace } from "../model/taken-place.ts";
import type { ListedEni } from "./eni-schema.ts";

/**
 * Why an ENI cannot be where its leaves say, null where it can: another NIC is there. A number that
 * has not propagated yet may be one that was real a moment ago, and two NICs in one table lose each
 * other's packets. Of those that are watched too (`others`), what IMDS says counts more than what
 * once was configured: two ENIs may have changed places.
 */
export function whyTaken(
  eni: ListedEni,
  taken: readonly TakenPlace[],
  others: readonly ListedEni[],
): string | null {
  const { "device-number": device = 0, "network-card": card = 0 } = eni.folder;
  const told = new Set(others.filter(hasNumber).map(({ mac }) => mac));
  const holder = taken.find(({ mac, networkCard, deviceNumber }) => {
    const isSame = networkCard === card && deviceNumber === device;
    return isSame && mac !== eni.mac && !told.has(mac);
  });
  if (eni.isPrimary || holder === undefined) return null;
  const { name, mac } = holder;
  return `network card ${card}, device ${device} is where ${name} is (${mac}): it has not propagated yet`;
}

/** 0 on the first card is the primary's, and what is read before the real one. */
function hasNumber({ folder }: ListedEni): boolean {
  return (folder["device-number"] ?? 0) > 0 || (folder["network-card"] ?? 0) > 0;
}
