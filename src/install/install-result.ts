import type { InstallPlan } from "../model/installation.ts";
import { renderJson } from "../output/json.ts";

/** A run of `--install` or `--uninstall`, as `--json` tells of it. */
export interface InstallResult {
  readonly dryRun: boolean;
  /** What units and hooks start; null: `--uninstall`. */
  readonly program: string | null;
  readonly plan: InstallPlan;
  readonly elapsedMs: number;
}

/** The shape of every result, without NICs; and what else a machine may want to know of it. */
export function renderInstallResult(result: InstallResult): string {
  const { dryRun, program, plan, elapsedMs } = result;
  const { before, write, links, remove, removeLast, removeFolders, steps } = plan;
  return renderJson({
    command: "hotplug",
    dryRun,
    elapsedMs,
    outcome: outcomeOf(result),
    nics: [],
    imds: null,
    program,
    competitors: plan.competitors,
    plan: {
      write,
      links,
      remove: [...remove, ...removeLast],
      removeFolders,
      steps: [...before, ...steps],
      reasons: plan.notes,
    },
  });
}

/** Whether anything is to be done, and which way round. */
export function outcomeOf({
  program,
  plan,
}: Pick<InstallResult, "plan" | "program">): "configured" | "retired" | "unchanged" {
  const { before, write, links, remove, removeLast, removeFolders, steps } = plan;
  const all = [before, write, links, remove, removeLast, removeFolders, steps];
  if (all.every(({ length }) => length === 0)) return "unchanged";
  return program === null ? "retired" : "configured";
}
