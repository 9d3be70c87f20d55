import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One event that `udevadm monitor --property` printed in a guest, with the fields that tests use. */
export interface ShownEvent {
  /** What was done to the guest. */
  readonly step: string;
  readonly from: "KERNEL" | "UDEV";
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Events of Debian trixie under QEMU. `virtio`: a NIC whose PCI device has a device below it;
 * `vmxnet3`: a driver of the PCI device itself, like ENA.
 */
export function readEvents(which: "virtio" | "vmxnet3"): readonly ShownEvent[] {
  const lines = readFileSync(join(import.meta.dir, `${which}.jsonl`), "utf8")
    .trim()
    .split("\n");
  // oxlint-disable-next-line no-unsafe-type-assertion -- a fixture, read by tests alone
  return lines.map((line) => JSON.parse(line) as ShownEvent);
}
