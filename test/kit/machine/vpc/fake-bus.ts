import type { Machine } from "../machine.ts";

/**
 * A PCI bus in a machine, with a device for each NIC: a veth has none. `slot` is an address on the
 * bus, `0000:00:06.0`, as udev's unit passes it (`--devpath 0000:00:06.0_77`). The VPC adds and
 * removes the links; this folder only shows what the kernel would show.
 */
export interface FakeBus {
  /** Adds a new device with a driver and a link. */
  readonly plug: (slot: string, nic: string) => Promise<void>;
  /** Unloads its driver: the device stays, without a link. */
  readonly unbind: (slot: string) => Promise<void>;
  /** Loads its driver again: the same device; the link may have another name. */
  readonly rebind: (slot: string, nic: string) => Promise<void>;
  /** Removes the device from the bus. */
  readonly remove: (slot: string) => Promise<void>;
}

/** The address that EC2 gives the NIC of a device number on one card: `ens5` is in slot 5. */
export function slotOf(nic: string): string {
  const number = Number(/\d+$/.exec(nic)?.[0] ?? "0");
  return `0000:00:${number.toString(16).padStart(2, "0")}.0`;
}

/**
 * Mounts an empty bus over /sys/bus/pci/devices, which shows the devices of the computer that runs
 * the tests. Changes are prepared in another folder and renamed, so that no reader sees a part.
 */
export async function fakeBus(machine: Machine): Promise<FakeBus> {
  const change = async (verb: string, ...args: readonly string[]): Promise<void> => {
    await machine.run(["sh", "-euc", script, "sh", verb, ...args]);
  };
  await change("lay");
  return {
    plug: (slot, nic) => change("plug", slot, nic),
    unbind: (slot) => change("unbind", slot),
    rebind: (slot, nic) => change("rebind", slot, nic),
    remove: (slot) => change("remove", slot),
  };
}

/**
 * A device keeps its inode as long as it is on the bus, as in sysfs: a new device is created, and one
 * whose driver is loaded again is not. The class is Ethernet; vendor and device are those of ENA. The
 * link is removed before the driver and appears after it.
 */
const script = `
base=/run/fake-bus
cd "$base" 2>/dev/null || [ "$1" = lay ]
bind() {
  mkdir -p "aside/net/$2"
  ln -s ../../../bus/pci/drivers/ena "$1/driver"
  mv aside/net "$1/net"
}
unbind() {
  [ ! -e "$1/net" ] || mv "$1/net" aside/gone
  rm -rf "$1/driver" aside/gone
}
case "$1" in
lay)
  mkdir "$base"
  mount -t tmpfs -o mode=0755 tmpfs "$base"
  mkdir "$base/devices" "$base/aside"
  mount --bind "$base/devices" /sys/bus/pci/devices
  ;;
plug)
  mkdir "aside/$2"
  echo 0x020000 >"aside/$2/class"
  echo 0x1d0f >"aside/$2/vendor"
  echo 0xec20 >"aside/$2/device"
  bind "aside/$2" "$3"
  mv "aside/$2" "devices/$2"
  ;;
unbind) unbind "devices/$2" ;;
rebind) bind "devices/$2" "$3" ;;
remove)
  mv "devices/$2" "aside/$2"
  rm -r "aside/$2"
  ;;
esac
`;
