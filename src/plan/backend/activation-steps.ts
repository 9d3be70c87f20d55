import {
  type Activation,
  type ActiveNic,
  type Step,
  usesNetworkManager,
} from "../../model/plan.ts";
import { changedMacs, type Changes } from "../files/changes.ts";
import { connectionUp, networkManagerSteps } from "./network-manager-steps.ts";
import { macDigits, profileUuid } from "../../model/managed-paths.ts";

/**
 * The gentlest commands that make the daemon in charge take these changes: none where nothing
 * changed, where it is still to be started, or where it does not run. A NIC whose files did not
 * change is in no command. A step for one NIC may fail alone; one for all comes first.
 */
export function activationSteps(
  changes: Changes,
  nics: readonly ActiveNic[],
  activation: Activation,
): readonly Step[] {
  const { backend, renderer, stage, isRunning } = activation;
  if (stage === "local" || !isRunning) return [];
  const macs = changedMacs(changes);
  if (backend === "network-manager") return networkManagerSteps(changes, nics, activation);
  // What NetworkManager is to do with resolv.conf does not concern networkd.
  if (renderer !== "NetworkManager") {
    const generate = renderer === "networkd" ? [netplanGenerate] : [];
    return macs.size === 0 ? [] : [...generate, networkdReload];
  }
  return [
    ...(macs.size === 0 ? [] : [netplanGenerate]),
    ...networkManagerSteps(changes, nics, activation),
  ];
}

/**
 * Only makes the files in /run; `netplan apply` would take all NICs down and up. It makes all of them
 * anew, and networkd would configure every link anew for that.
 */
const netplanGenerate: Step = {
  argv: ["netplan", "generate"],
  preservesDirectory: "/run/systemd/network",
  reason: "netplan generates the daemon's files; unchanged files are not replaced",
  mac: null,
  timeoutMs: 30_000,
};

/**
 * networkd reads all files again, and configures the links anew whose files changed.
 * KeepConfiguration=dhcp in ours keeps addresses meanwhile. No `reconfigure` for the NIC: that would do the same a second time.
 */
const networkdReload: Step = {
  argv: ["networkctl", "reload"],
  reason: "networkd configures the links whose files changed",
  mac: null,
  timeoutMs: 30_000,
};

/**
 * What makes the daemon in charge take a link up whose configuration it has, where it has not done
 * so by itself: nothing where it is still to be started, or does not run.
 */
export function reactivateSteps({ mac, name }: ActiveNic, activation: Activation): readonly Step[] {
  const { stage, isRunning } = activation;
  if (name === null || stage === "local" || !isRunning) return [];
  const reason = `${name}: it came back, and its daemon did not configure it`;
  const argv = usesNetworkManager(activation)
    ? connectionUp(profileUuid(macDigits(mac)), name)
    : ["networkctl", "reconfigure", name];
  return [{ argv, reason, mac, timeoutMs: 60_000 }];
}
