import type { Applied } from "../../apply/apply-plan.ts";
import type { Host } from "../../host/host.ts";
import type { ActivateOptions } from "./options.ts";
import type { Asked } from "./load-enis.ts";
import { alone, carryOut } from "./carry-out.ts";
import { type Gathered, gatherFacts, type Subject } from "./collect-facts.ts";
import { type ActivationPlan, planActivation } from "../../plan/plan-activation.ts";

/** What was found, what was planned, and what came of it. */
export interface AppliedNics extends Applied {
  readonly gathered: Gathered;
  readonly plan: ActivationPlan;
}

/**
 * Configures the NICs of `subject` as `asked` says, and takes away what is left of those whose
 * devices have left the machine, as the only run that changes this machine. Throws what the readers
 * and `carryOut` throw.
 */
export function applyNics(
  host: Host,
  options: ActivateOptions,
  asked: Asked,
  subject: Subject,
): Promise<AppliedNics> {
  return alone(host, options, async () => {
    const gathered = await gatherFacts(host, options, asked, subject);
    const plan = planActivation(gathered, options);
    const applied = await carryOut(host, options, { asked, gathered, plan });
    return { gathered, plan, ...applied };
  });
}

/** Nobody was asked, and nothing was said of any ENI. */
export const unasked: Asked = {
  parsed: { enis: [], incomplete: [], ghosts: [], missing: null },
  imds: null,
  settings: null,
};
