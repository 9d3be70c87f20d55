import type { ErrorReport } from "../exit.ts";
import { type Backend, type NetworkPlan, nicOutcomes, type NicResult } from "../model/plan.ts";
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
  /** What `--check` found; null or left out: it was not asked for. */
  readonly differences?: readonly object[] | null;
}

/** The JSON of a run; its outcome is the worst of any NIC, or `unchanged` without NICs. */
export function renderResult({ nics, plan, error, differences = null, ...rest }: Result): string {
  const worst = nicOutcomes.find((outcome) => nics.some((nic) => nic.outcome === outcome));
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
