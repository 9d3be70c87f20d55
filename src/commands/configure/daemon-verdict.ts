import { Failure } from "../../exit.ts";
import type { TargetHost } from "../../host/target.ts";
import { readDaemonLinks } from "../../inspect/machine/daemon-links.ts";
import type { Activation, ApplyResult, NicResult } from "../../model/plan.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import { type DaemonProblem, findDaemonProblems } from "../../plan/conflicts/daemon-problems.ts";
import type { CollectedFacts } from "../../plan/facts.ts";

/** A daemon answers a command before it has read its files and configured the links. */
const maxWaitMs = 2000;
const pollMs = 200;

interface Run {
  readonly activation: Activation;
  readonly collected: CollectedFacts;
  /** Whether the run has sent commands to the daemon. */
  readonly hasSteps: boolean;
}

/**
 * The result of a run after the daemon in charge has been asked what became of the NICs: a NIC that
 * it calls failed, or that it configures with another file, is `failed`, and the run ends with
 * `OSERR`.
 */
export async function addDaemonVerdict(
  host: Pick<TargetHost, "clock" | "exec" | "files" | "signal">,
  { activation, collected, hasSteps }: Run,
  result: ApplyResult,
): Promise<ApplyResult> {
  const nics = result.nics.filter(({ outcome, name }) => {
    return name !== null && ["configured", "unchanged", "failed"].includes(outcome);
  });
  const links = filterNicLinks(collected.facts.links);
  const isAsked = collected.backends.networkManager.isRunning;
  const { otherFiles } = collected;
  const deadlineMs = host.clock.now() + maxWaitMs;
  let { daemonLinks } = collected;
  for (;;) {
    if (hasSteps) daemonLinks = await readDaemonLinks(host, links, isAsked);
    const problems = findDaemonProblems(nics, { activation, daemonLinks, otherFiles });
    if (problems.length === 0 || !hasSteps || host.clock.now() >= deadlineMs) {
      return addProblems(result, problems);
    }
    await host.clock.sleep(pollMs, host.signal);
  }
}

function addProblems(result: ApplyResult, problems: readonly DaemonProblem[]): ApplyResult {
  const [first] = problems;
  if (first === undefined) return result;
  const message = problems.map(({ text }) => text).join("; ");
  return {
    ...result,
    nics: failNics(result.nics, problems),
    failure: result.failure ?? new Failure("OSERR", message, { hint: first.hint }),
  };
}

/** The results with the outcome `failed` for each NIC with a problem. */
function failNics(
  nics: readonly NicResult[],
  problems: readonly DaemonProblem[],
): readonly NicResult[] {
  return nics.map((nic) => {
    const problem = problems.find(({ mac }) => mac === nic.mac);
    if (problem === undefined || nic.outcome === "failed") return nic;
    return { ...nic, outcome: "failed", reason: problem.text };
  });
}
