import { Failure } from "../exit.ts";
import type { Host } from "../host/host.ts";
import type { Step } from "../model/network-plan.ts";
import { keepUnchanged } from "./keep-unchanged.ts";

/** A step that failed; the steps after it that are for the same NIC were not run. */
export interface StepFailure {
  /** null: it was for every NIC that changed. */
  readonly mac: string | null;
  readonly failure: Failure;
}

/**
 * Runs the steps in order, each shown before it runs. What fails for one NIC does not stop the
 * others; what fails for all ends the list. Throws the signal's reason between steps.
 */
export async function runSteps(
  host: Pick<Host, "exec" | "files" | "log" | "signal">,
  steps: readonly Step[],
): Promise<readonly StepFailure[]> {
  const failures: StepFailure[] = [];
  for (const step of steps) {
    host.signal.throwIfAborted();
    if (step.mac !== null && failures.some(({ mac }) => mac === step.mac)) continue;
    const failure = await runStep(host, step);
    if (failure === null) continue;
    failures.push({ mac: step.mac, failure });
    if (step.mac === null) break;
  }
  return failures;
}

async function runStep(
  host: Pick<Host, "exec" | "files" | "log">,
  step: Step,
): Promise<Failure | null> {
  const { argv, timeoutMs, reason } = step;
  const shown = argv.join(" ");
  host.log.verbose(`running ${shown} (${reason})`);
  const run = () => host.exec(argv, { timeoutMs });
  const { keeps } = step;
  const { code, stderr, stdout } = await (keeps === undefined
    ? run()
    : keepUnchanged(host, keeps, run));
  if (code === 0) return null;
  if (step.saysWhenDone !== undefined && stderr.includes(step.saysWhenDone)) return null;
  const [said = ""] = (stderr.trim() || stdout.trim()).split("\n");
  const what = code === 127 ? "there is no such command" : `ended with ${code}`;
  return new Failure("OSERR", `${shown}: ${what}${said === "" ? "" : `: ${said}`}`, {
    hint: "its own log tells more: journalctl -b -u systemd-networkd -u NetworkManager",
  });
}
