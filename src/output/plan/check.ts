import type { Difference, Step } from "../../model/plan.ts";
import { escapeUnprintable } from "../text.ts";

/** The output of `--check` for people: one line per difference, if `plain` without list signs. */
export function describeCheck(differences: readonly Difference[], plain: boolean): string {
  if (differences.length === 0) return "no difference\n";
  const count = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
  const lines = differences.map(({ text }) => `${plain ? "" : "  - "}${text}`);
  return escapeUnprintable(`${[count, ...lines].join("\n")}\n`);
}

/** The value of `differences` in the JSON object, without the fields that only a repair needs. */
export function differencesJson(differences: readonly Difference[]): readonly object[] {
  return differences.map(({ mac, name, kind, what, text }) => ({ mac, name, kind, what, text }));
}

/**
 * One line for each difference that a run repaired in the kernel without changing a file. The NIC's
 * outcome is "unchanged" then, so only these lines show the repair to the admin.
 */
export function repairedLines(
  differences: readonly Difference[],
  steps: readonly Step[],
): readonly string[] {
  const repaired = differences.filter(({ text }) => steps.some(({ reason }) => reason === text));
  return repaired.map(({ text }) => `repaired: ${text}`);
}
