import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One event, as `udevadm monitor --property` showed it in a guest; fields that matter here. */
export interface ShownEvent {
  /** What was done to the guest. */
  readonly step: string;
  readonly from: "KERNEL" | "UDEV";
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Debian trixie under QEMU. `virtio`: a NIC whose device has another below it; `vmxnet3`: a driver
 * that has the PCI device itself, as ENA does.
 */
export function readEvents(which: "virtio" | "vmxnet3"): readonly ShownEvent[] {
  const lines = readFileSync(join(import.meta.dir, `${which}.jsonl`), "utf8")
    .trim()
    .split("\n");
  // oxlint-disable-next-line no-unsafe-type-assertion -- a fixture, read by tests alone
  return lines.map((line) => JSON.parse(line) as ShownEvent);
}
