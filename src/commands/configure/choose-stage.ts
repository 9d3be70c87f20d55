import type { TargetHost } from "../../host/target.ts";
import type { Stage } from "../../model/plan.ts";

const networkTarget = "network.target";

/**
 * Chooses the stage of a run; returns the reason too. `auto` means `network` if systemd has reached
 * `network.target`. Before that, the daemons have not started and will read our files themselves.
 * Without systemd, and on an image, no daemon can activate anything, so the stage is `local`.
 */
export async function chooseStage(
  host: Pick<TargetHost, "exec" | "files" | "target">,
  requestedStage: Stage | "auto",
): Promise<{ readonly stage: Stage; readonly reason: string }> {
  if (!host.target.isThisMachine) return explainStage("local", "--root is not this machine");
  if (requestedStage !== "auto") return explainStage(requestedStage, "--stage was given");
  if ((await host.files.stat("/run/systemd/system")) === null) {
    return explainStage("local", "systemd is not running");
  }
  const { code } = await host.exec(["systemctl", "is-active", "--quiet", networkTarget], {
    timeoutMs: 10_000,
  });
  return code === 0
    ? explainStage("network", `systemd has reached ${networkTarget}`)
    : explainStage("local", `systemd has not reached ${networkTarget}`);
}

function explainStage(stage: Stage, reason: string) {
  return { stage, reason: `stage ${stage}, because ${reason}` };
}
