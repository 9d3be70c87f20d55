import type { BusDevice, Link } from "../../../src/model/link.ts";
import type { NicRecord } from "../../../src/model/run-records.ts";

/** A NIC's link. */
export function nicLink(name: string, mac: string): Link {
  return { name, mac, kind: "device", driver: "ena", busAddress: null };
}

/** A NIC on a bus; without a link its driver is unloaded. */
export function nicDevice(address: string, ...links: readonly string[]): BusDevice {
  return { address, inode: 1, driver: links.length === 0 ? null : "ena", links };
}

/** The record of a NIC: the device at `6` had the link `ens6`. */
export function nicRecord(mac: string, address: string): NicRecord {
  const device = { address, inode: 1 };
  return { mac, name: `ens${address}`, device, isSettled: true, foundUnchanged: true };
}
