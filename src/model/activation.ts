import type { Backend, NetplanRenderer } from "./network-plan.ts";

/** Who is in charge here, and what it takes to make it read its files again. */
export interface Activation {
  readonly backend: Backend;
  /** null: the backend is not netplan. */
  readonly renderer: NetplanRenderer | null;
  /** `local`: the daemon is still to be started, and will read our files by itself. */
  readonly stage: "local" | "network";
  /** The daemon in charge answers. */
  readonly isRunning: boolean;
  readonly hasSystemd: boolean;
  /** Link's name → uuid of the profile that is up on it, as far as NetworkManager says. */
  readonly active: Readonly<Record<string, string>>;
}

/** A configured NIC, as far as a command has to name it. */
export interface ActiveNic {
  readonly mac: string;
  /** null: it is not here, and there is nothing to activate. */
  readonly name: string | null;
  readonly isPrimary: boolean;
}
