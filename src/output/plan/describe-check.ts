import type { Difference } from "../../model/difference.ts";
import { printable } from "../printable.ts";

/** `--check` for people: a line per difference, or one that there is none; `plain`: without signs. */
export function describeCheck(differences: readonly Difference[], plain: boolean): string {
  if (differences.length === 0) return "no difference\n";
  const count = differences.length === 1 ? "1 difference" : `${differences.length} differences`;
  const lines = differences.map(({ text }) => `${plain ? "" : "  - "}${text}`);
  return printable(`${[count, ...lines].join("\n")}\n`);
}

/** `differences` of the JSON object: what and where, without what only mending needs. */
export function differencesJson(differences: readonly Difference[]): readonly object[] {
  return differences.map(({ mac, name, kind, what, text }) => ({ mac, name, kind, what, text }));
}
