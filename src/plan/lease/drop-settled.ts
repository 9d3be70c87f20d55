import type { KernelState } from "../../model/kernel-state.ts";
import type { NicConfig } from "../../model/network-config.ts";
import type { Step } from "../../model/network-plan.ts";
import { dropProvisional } from "./drop-provisional.ts";
import { hasDefault } from "./has-default.ts";

/**
 * Takes away what `hotplug --from-dhcp` made by itself for the NICs that now have what IMDS says: to
 * be done last, behind what brings that. A NIC without rules of its own, as the primary is, keeps it
 * for as long as main's default leads out through another: its answers would leave there, and be
 * dropped.
 */
export function dropSettled(nics: readonly NicConfig[], kernel: KernelState): readonly Step[] {
  const settled = nics.flatMap(({ name, rules }) => {
    return name !== null && (rules.length > 0 || hasDefault(name, kernel)) ? [name] : [];
  });
  return dropProvisional({ nics: settled, address: null, wanted: [] }, kernel);
}
