import type { ErrorReport } from "../exit.ts";
import { type Backend, type NetworkPlan, nicOutcomes, type NicResult } from "../model/plan.ts";
import { renderJson } from "./json.ts";

/** A plan without its NICs; `backend` is null if the plan was made from a lease. */
export interface PrintedPlan extends Pick<NetworkPlan, "write" | "remove" | "steps" | "reasons"> {
  readonly backend: Backend | null;
}

/** The object that `--json` prints, also after a failure. */
export interface Result {
  readonly command: string;
  /** If true, nothing was changed, and the outcomes are those that a real run would have. */
  readonly dryRun: boolean;
  readonly nics: readonly NicResult[];
  /** null if the run ended before there was a plan. */
  readonly plan: PrintedPlan | null;
  /** null if IMDS was not asked, or did not answer. */
  readonly imds: object | null;
  readonly elapsedMs: number;
  readonly error: ErrorReport | null;
  /** The result of `--check`; null or left out if not requested. */
  readonly differences?: readonly object[] | null;
}

/** Renders a run's result as JSON. The run's outcome is the worst of its NICs, else `unchanged`. */
export function renderResult({ nics, plan, error, differences = null, ...rest }: Result): string {
  const worst = nicOutcomes.find((outcome) => nics.some((nic) => nic.outcome === outcome));
  const outcome = error !== null && nics.length === 0 ? "failed" : (worst ?? "unchanged");
  return renderJson({
    ...rest,
    outcome,
    nics,
    plan: plan === null ? null : planJson(plan),
    ...(differences === null ? {} : { differences }),
    ...(error === null ? {} : { error }),
  });
}

function planJson({ backend, write, remove, steps, reasons }: PrintedPlan) {
  return { backend, write, remove, steps, reasons };
}
