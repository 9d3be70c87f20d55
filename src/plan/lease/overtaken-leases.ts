import { familyOf, subnetRouter } from "../../model/address.ts";
import type { BoundEvent } from "../../model/dhcp-event.ts";
import { type KernelState, mainTable } from "../../model/kernel-state.ts";
import { networkOf } from "../../model/subnet.ts";

/**
 * The leases of other NICs, as the kernel shows them: an address, and a default of main's through
 * its network's router. Such a NIC may have needed no table while its default was the best, and this
 * event has brought a better one; its own client has nothing to say until it renews.
 */
export function overtakenLeases(event: BoundEvent, kernel: KernelState): readonly BoundEvent[] {
  const defaults = kernel.routes.filter(
    ({ table, destination, link }) =>
      table === mainTable && destination === "0.0.0.0/0" && link !== event.nic,
  );
  return defaults.flatMap(({ link, gateway }) => {
    const held = kernel.addresses.filter(
      (each) => each.link === link && familyOf(each.address) === 4,
    );
    const subnets = held
      .filter(({ prefixLength }) => prefixLength <= 30)
      .map((each) => ({ ...each, subnet: networkOf(each.address, each.prefixLength) }));
    const leased = subnets.find(({ subnet }) => subnetRouter(subnet) === gateway);
    if (leased === undefined || gateway === null) return [];
    const { address, subnet } = leased;
    const lease = { address, subnet, routers: [gateway], mtu: null, leaseSeconds: null };
    return [{ ...event, nic: leased.link, lease, why: `${event.why} on ${event.nic}` }];
  });
}
