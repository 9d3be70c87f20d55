import type { EniSpec } from "../../../scripts/simulator/scenario/eni-spec.ts";
import type { Sandbox } from "../machine/sandbox.ts";
import type { Machine } from "../machine/machine.ts";
import type { MachineCommands } from "../machine/machine-commands.ts";
import type { AttachedEni, Sides, Vpc } from "../machine/vpc/vpc.ts";
import type { NicModel } from "./qemu/qemu-arguments.ts";
import type { UdevEvent } from "./scenario/udev-stream.ts";

/** A virtual machine with the VPC around it: a real kernel, udev and systemd, real hot-plug. */
export interface Vm extends MachineCommands, Pick<Machine, "execInNetworkOf">, AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly vpc: Vpc;
  /** Attaches an ENI; returns when its device is on the bus, before the guest has handled it. */
  readonly attach: (
    spec: EniSpec,
    how?: Sides & { readonly model?: NicModel },
  ) => Promise<AttachedEni>;
  /** Detaches an ENI; returns when the guest has removed the device. `lingerMs`: how long IMDS still lists it. */
  readonly detach: (mac: string, how?: Sides & { readonly lingerMs?: number }) => Promise<void>;
  /** The events of udev since the last `eventsOf`, or the start. */
  readonly events: () => readonly UdevEvent[];
  /** The events of udev during `act`; udev has handled all of them. */
  readonly eventsOf: (act: () => Promise<unknown>) => Promise<readonly UdevEvent[]>;
  /** Copies what a power cut would leave on the disk at this moment; the guest keeps running. */
  readonly copyDisk: () => Promise<string>;
  /**
   * Cuts the power and boots again; what was not written to the disk is lost. `from`: a copy to use
   * as its disk.
   */
  readonly reset: (from?: string) => Promise<void>;
  /** Reboots the guest by systemd. */
  readonly reboot: () => Promise<void>;
  readonly consoleLog: () => Promise<string>;
  readonly stop: () => Promise<void>;
}
