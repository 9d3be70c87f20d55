import { type Suite, suites } from "../machine/root-file-system.ts";
import { type VmBackend, vmBackends } from "./image/backends.ts";

export interface GuestKind {
  readonly suite: Suite;
  readonly backend: VmBackend;
}

const all: readonly GuestKind[] = suites.flatMap((suite) =>
  vmBackends.map((backend) => ({ suite, backend })),
);

/** The guests of a scenario that takes minutes: these few, or with GUESTS=all every one. */
export function guestsOf(few: readonly GuestKind[]): readonly GuestKind[] {
  return process.env["GUESTS"] === "all" ? all : few;
}

export const allOfTrixie: readonly GuestKind[] = all.filter(({ suite }) => suite === "trixie");
