import type { TestInstance, InstanceOptions } from "../../../test/kit/machine/vpc/instance.ts";

/** Whoever configures a NIC that was plugged in, on a machine of its own. */
export interface Contender {
  readonly name: string;
  readonly machine: Omit<InstanceOptions, "enis" | "suite" | "scenario">;
  /** As after a boot: the primary configured by it. */
  readonly prepare: (instance: TestInstance) => Promise<void>;
  /**
   * What udev would call when the NIC is there; returns when that has ended, with how, in words:
   * empty where there is nothing to say.
   */
  readonly plugged: (instance: TestInstance, nic: string) => Promise<string>;
}
