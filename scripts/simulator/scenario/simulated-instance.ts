import { eni, type EniSpec, type FullEni } from "./eni-spec.ts";
import { eniTree } from "../metadata/eni-tree.ts";
import { instance } from "../metadata/instance.ts";
import { instanceFacts } from "./instance-spec.ts";
import { Metadata } from "../metadata/metadata.ts";
import type { Change, Detach, Scenario } from "./scenario.ts";
import { Schedule } from "./schedule.ts";
import type { Leaf, Tree } from "../metadata/tree.ts";

/** The simulated instance: its metadata and the changes over time. */
export class SimulatedInstance {
  readonly #metadata: Metadata;
  readonly #schedule = new Schedule();
  readonly #scenario: Scenario;
  readonly #nowMs: () => number;
  /** Folders of detached ENIs that are still listed; a new attachment cancels the removal. */
  readonly #lingering = new Map<string, object>();

  constructor(scenario: Scenario, nowMs: () => number) {
    this.#scenario = scenario;
    this.#nowMs = nowMs;
    this.#metadata = new Metadata(scenario.content ?? instance(scenario), nowMs);
    const startMs = nowMs();
    for (const spec of scenario.content ? [] : (scenario.enis ?? []))
      this.#delay(eni(spec), startMs);
    for (const [key, value] of Object.entries(scenario.set ?? {})) {
      if (value === null) this.#metadata.remove(key);
      else this.#metadata.set(key, value);
    }
    for (const [key, late] of Object.entries(scenario.late ?? {})) {
      this.#metadata.delay(key, late, startMs);
    }
    for (const change of scenario.changes ?? []) {
      this.#schedule.add(startMs + change.afterMs, (dueMs) => this.#change(change, dueMs));
    }
  }

  /** The current metadata. */
  get metadata(): Metadata {
    this.#schedule.runDue(this.#nowMs());
    return this.#metadata;
  }

  attach(spec: EniSpec): FullEni {
    this.#schedule.runDue(this.#nowMs());
    return this.#attach(spec, this.#nowMs());
  }

  detach(detach: Detach): void {
    this.#detach(detach, this.#nowMs());
  }

  set(key: string, value: Leaf | Tree): void {
    this.metadata.set(key, value);
  }

  remove(key: string): boolean {
    return this.metadata.remove(key);
  }

  #change({ attach, detach, set, remove }: Change, dueMs: number): void {
    if (attach !== undefined) this.#attach(attach, dueMs);
    if (detach !== undefined) this.#detach(detach, dueMs);
    if (set !== undefined) this.#metadata.set(set.path, set.value);
    if (remove !== undefined) this.#metadata.remove(remove.path);
  }

  #attach(spec: EniSpec, sinceMs: number): FullEni {
    const full = eni(spec);
    this.#lingering.delete(folderKey(full.mac));
    this.#metadata.set(folderKey(full.mac), eniTree(full, instanceFacts(this.#scenario)));
    this.#delay(full, sinceMs);
    return full;
  }

  #detach({ mac, lingerMs = 0 }: Detach, sinceMs: number): void {
    const key = folderKey(mac.toLowerCase());
    const detachment = {};
    this.#lingering.set(key, detachment);
    this.#schedule.add(sinceMs + lingerMs, () => {
      if (this.#lingering.get(key) === detachment) this.#metadata.remove(key);
    });
  }

  #delay({ mac, late = {} }: FullEni, sinceMs: number): void {
    for (const [leaf, how] of Object.entries(late)) {
      const key = leaf === "." ? folderKey(mac) : `${folderKey(mac)}/${leaf}`;
      this.#metadata.delay(key, how, sinceMs);
    }
  }
}

function folderKey(mac: string): string {
  return `network/interfaces/macs/${mac}`;
}
