import type { TestInstance, InstanceOptions } from "../../../test/kit/machine/vpc/instance.ts";

/** A program that configures a hot-plugged NIC; each is measured on its own machine. */
export interface ComparedProgram {
  readonly name: string;
  readonly machine: Omit<InstanceOptions, "enis" | "suite" | "scenario">;
  /** Brings the machine into the state after a boot, in which the program has configured the primary. */
  readonly prepare: (instance: TestInstance) => Promise<void>;
  /**
   * Starts what udev would start for the new NIC and waits for its end. Returns a remark for the
   * table; empty: none.
   */
  readonly configure: (instance: TestInstance, nic: string) => Promise<string>;
}
