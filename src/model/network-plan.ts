/** A file of ours, whole. */
export interface ConfigFile {
  /** Absolute, as on the machine; `--root` is put in front when it is written. */
  readonly path: string;
  readonly content: string;
  /** Permission bits: 0600, or what the daemon that reads it needs. */
  readonly mode: number;
  /** The NIC it configures; null: for the machine as a whole. */
  readonly mac: string | null;
}

/** A command to run. */
export interface Step {
  readonly argv: readonly string[];
  readonly reason: string;
  /** The NIC it is for: its failure is that NIC's alone; null: for all that changed. */
  readonly mac: string | null;
  /** After this it is ended and counts as failed. */
  readonly timeoutMs: number;
  /** A folder whose files it makes anew: those that come out as they were stay the same files. */
  readonly keeps?: string;
  /** What it says where another was quicker: then there was nothing to do, and it has not failed. */
  readonly saysWhenDone?: string;
}

export const backends = ["netplan", "network-manager", "networkd"] as const;
export type Backend = (typeof backends)[number];

/** Whom netplan writes for. */
export type NetplanRenderer = "networkd" | "NetworkManager";

/** Everything that will be done to the machine, and why; printing it is `--dry-run`. */
export interface NetworkPlan {
  readonly backend: Backend;
  readonly write: readonly ConfigFile[];
  /** Paths, as on the machine. */
  readonly remove: readonly string[];
  readonly steps: readonly Step[];
  /** How each decision came about, in order. */
  readonly reasons: readonly string[];
  readonly nics: readonly NicResult[];
}

export type NicOutcome =
  "configured" | "unchanged" | "kept" | "retired" | "incomplete" | "failed" | "skipped";

/** One NIC's line in the result. */
export interface NicResult {
  readonly mac: string;
  readonly name: string | null;
  readonly eni: string | null;
  readonly outcome: NicOutcome;
  /** Why, where the outcome does not say it all. */
  readonly reason?: string;
}
