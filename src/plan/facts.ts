import type { BackendFacts, DaemonLinks, DnsFacts } from "../model/backend-facts.ts";
import type { KernelState } from "../model/kernel-state.ts";
import type { BusDevice } from "../model/link.ts";
import type { OtherFile, Stage } from "../model/plan.ts";
import type { InterruptedRun, RepairNotes } from "../model/run-records.ts";
import type { NetworkFacts } from "./files/plan-network.ts";

/** Everything that a plan depends on. */
export interface CollectedFacts {
  readonly facts: NetworkFacts;
  readonly backends: BackendFacts;
  readonly dns: DnsFacts;
  readonly otherFiles: readonly OtherFile[];
  /** By link name, the uuid of the profile that is active on the link. */
  readonly profiles: Readonly<Record<string, string>>;
  /** What the daemons and udev say about the links. */
  readonly daemonLinks: DaemonLinks;
  readonly stage: Stage;
  readonly stageReason: string;
  /** null if the kernel was not read, because the run only writes files. */
  readonly kernel: KernelState | null;
  /** The record that a killed run left; null if none. */
  readonly interruptedRun: InterruptedRun | null;
  readonly repairNotes: RepairNotes;
  readonly devices: readonly BusDevice[];
}
