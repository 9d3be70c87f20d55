import { isThisMachine } from "../../host/target-root.ts";
import type { Host } from "../../host/host.ts";
import type { Stage } from "../../model/plan.ts";

const targetOfNetwork = "network.target";

/**
 * The stage that is asked for, or for `auto` the one that systemd says: before `network.target` is
 * reached, the daemons are still to be started and will read our files by themselves. Without
 * systemd, and below a root that is not this machine's, there is nobody to activate anything.
 * Gives the reason too.
 */
export async function chooseStage(
  host: Pick<Host, "exec" | "files">,
  wish: Stage | "auto",
  root: string,
): Promise<{ readonly stage: Stage; readonly reason: string }> {
  if (!isThisMachine(root)) return told("local", "--root is not this machine");
  if (wish !== "auto") return told(wish, "it was asked for");
  if ((await host.files.stat("/run/systemd/system")) === null) {
    return told("local", "systemd does not run here");
  }
  const { code } = await host.exec(["systemctl", "is-active", "--quiet", targetOfNetwork], {
    timeoutMs: 10_000,
  });
  return code === 0
    ? told("network", `systemd has reached ${targetOfNetwork}`)
    : told("local", `systemd has not reached ${targetOfNetwork}`);
}

function told(stage: Stage, reason: string) {
  return { stage, reason: `stage ${stage}: ${reason}` };
}
