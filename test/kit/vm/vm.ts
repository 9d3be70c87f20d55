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
  /** Plugs a NIC in; returns when its device is on the bus, not when the guest is done with it. */
  readonly attach: (
    spec: EniSpec,
    how?: Sides & { readonly model?: NicModel },
  ) => Promise<AttachedEni>;
  /** Pulls a NIC out; returns when the guest has let it go. `lingerMs`: so long IMDS lists it. */
  readonly detach: (mac: string, how?: Sides & { readonly lingerMs?: number }) => Promise<void>;
  /** udev's events since the last `eventsOf`, or the start. */
  readonly events: () => readonly UdevEvent[];
  /** The events of what is done meanwhile; udev has come to the end of them. */
  readonly eventsOf: (act: () => Promise<unknown>) => Promise<readonly UdevEvent[]>;
  /** What a power cut would leave on the disk at this moment, as a file; the guest goes on. */
  readonly copyDisk: () => Promise<string>;
  /**
   * Cuts the power and boots again; what was not written to the disk is gone. `from`: with such a
   * copy for its disk.
   */
  readonly reset: (from?: string) => Promise<void>;
  /** Boots again in an orderly way. */
  readonly reboot: () => Promise<void>;
  readonly consoleLog: () => Promise<string>;
  readonly stop: () => Promise<void>;
}
