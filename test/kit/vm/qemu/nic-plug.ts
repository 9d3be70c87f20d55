import * as v from "valibot";
import { until } from "../../basics/until.ts";
import type { AttachedEni } from "../../machine/vpc/vpc.ts";
import { wireName } from "../../machine/vpc/vpc-wire.ts";
import { type GuestNic, nicDevice, type NicModel } from "./qemu-arguments.ts";
import type { Qmp } from "./qmp.ts";

/** The NIC of an ENI: `ens6` is in slot 6 of the bus, as on EC2. */
export function guestNic({ mac, nic }: AttachedEni, model: NicModel): GuestNic {
  return { mac, model, slot: Number(nic.replace("ens", "")), wire: wireName(mac) };
}

export async function plugNic({ execute }: Qmp, nic: GuestNic): Promise<void> {
  const { wire } = nic;
  const tap = { type: "tap", id: wire, ifname: wire, script: "no", downscript: "no" };
  await execute("netdev_add", tap);
  await execute("device_add", nicDevice(nic));
}

const deleted = v.object({ device: v.string() });

/** Requests the removal of a device (ACPI), and waits until the guest has removed it. */
export async function unplugNic({ execute, events }: Qmp, mac: string): Promise<void> {
  const id = `nic-${wireName(mac)}`;
  const before = events().length;
  await execute("device_del", { id });
  const isGone = (): boolean =>
    events()
      .slice(before)
      .some(
        ({ name, data }) => name === "DEVICE_DELETED" && v.is(deleted, data) && data.device === id,
      );
  await until(`the guest removes ${id}`, isGone, 200_000);
  await execute("netdev_del", { id: wireName(mac) });
}
