import type { Activation, ActiveNic } from "../../model/activation.ts";
import type { Step } from "../../model/network-plan.ts";
import { macDigits } from "../../model/own-files.ts";
import { profileUuid } from "../../model/own-names.ts";
import { isNetworkManager } from "../drift/ask-daemon.ts";

/**
 * What makes the daemon in charge take a link up whose configuration it has, where it has not done
 * so by itself: nothing where it is still to be started, or does not run.
 */
export function wakeSteps({ mac, name }: ActiveNic, activation: Activation): readonly Step[] {
  const { stage, isRunning } = activation;
  if (name === null || stage === "local" || !isRunning) return [];
  const reason = `${name}: it came back, and was not taken up`;
  const uuid = profileUuid(macDigits(mac));
  const argv = isNetworkManager(activation)
    ? ["nmcli", "--wait", "45", "connection", "up", "uuid", uuid, "ifname", name]
    : ["networkctl", "reconfigure", name];
  return [{ argv, reason, mac, timeoutMs: 60_000 }];
}
