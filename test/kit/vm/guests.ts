import { type Suite, suites } from "../machine/root-file-system.ts";
import { type VmBackend, vmBackends } from "./image/backends.ts";

export interface GuestKind {
  readonly suite: Suite;
  readonly backend: VmBackend;
}

const all: readonly GuestKind[] = suites.flatMap((suite) =>
  vmBackends.map((backend) => ({ suite, backend })),
);

/** The guests of a long scenario: these few, or all with GUESTS=all. */
export function guestsOf(few: readonly GuestKind[]): readonly GuestKind[] {
  return process.env["GUESTS"] === "all" ? all : few;
}

export const allOfTrixie: readonly GuestKind[] = all.filter(({ suite }) => suite === "trixie");
