import type { Difference, Step } from "../../model/plan.ts";
import { escapeUnprintable } from "../text.ts";

/** `--check` for people: a line per difference, or one that there is none; `plain`: without signs. */
export function describeCheck(differences: readonly Difference[], plain: boolean): string {
  if (differences.length === 0) return "no difference\n";
  const count = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
  const lines = differences.map(({ text }) => `${plain ? "" : "  - "}${text}`);
  return escapeUnprintable(`${[count, ...lines].join("\n")}\n`);
}

/** `differences` of the JSON object: what and where, without what only mending needs. */
export function differencesJson(differences: readonly Difference[]): readonly object[] {
  return differences.map(({ mac, name, kind, what, text }) => ({ mac, name, kind, what, text }));
}

/**
 * What a run has put right in the kernel without a change of any file, a line each: such a NIC is
 * "unchanged", and yet somebody should know.
 */
export function repairedLines(
  differences: readonly Difference[],
  steps: readonly Step[],
): readonly string[] {
  const repaired = differences.filter(({ text }) => steps.some(({ reason }) => reason === text));
  return repaired.map(({ text }) => `repaired: ${text}`);
}
