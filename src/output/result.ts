import type { ErrorReport } from "../exit.ts";
import type { Backend, NetworkPlan, NicOutcome, NicResult } from "../model/plan.ts";
import { renderJson } from "./json.ts";

/** A plan, but for its NICs; `backend` null: of no backend, as what a lease alone makes is. */
export interface PrintedPlan extends Pick<NetworkPlan, "write" | "remove" | "steps" | "reasons"> {
  readonly backend: Backend | null;
}

/** What `--json` prints, after a failure too. */
export interface Result {
  readonly command: string;
  /** Nothing was done: the outcomes are what would come of it. */
  readonly dryRun: boolean;
  readonly nics: readonly NicResult[];
  /** null: it did not come to one. */
  readonly plan: PrintedPlan | null;
  /** null: IMDS was not asked, or did not answer. */
  readonly imds: object | null;
  readonly elapsedMs: number;
  readonly error: ErrorReport | null;
  /** What `--check` found; null: it was not asked for. */
  readonly differences: readonly object[] | null;
}

/** The worst that came of any NIC, first; a run without NICs has nothing to change. */
const outcomesBySeverity: readonly NicOutcome[] = [
  "failed",
  "incomplete",
  "configured",
  "retired",
  "unchanged",
  "kept",
  "skipped",
];

export function renderResult({ nics, plan, error, differences, ...rest }: Result): string {
  const worst = outcomesBySeverity.find((outcome) => nics.some((nic) => nic.outcome === outcome));
  const outcome = error !== null && nics.length === 0 ? "failed" : (worst ?? "unchanged");
  const steps = plan === null ? null : planJson(plan);
  return renderJson({
    ...rest,
    outcome,
    nics,
    plan: steps,
    ...(differences === null ? {} : { differences }),
    ...(error === null ? {} : { error }),
  });
}

function planJson({ backend, write, remove, steps, reasons }: PrintedPlan) {
  return { backend, write, remove, steps, reasons };
}
