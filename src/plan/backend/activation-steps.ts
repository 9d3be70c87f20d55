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
 * The least disruptive commands that make the daemon in charge apply these changes: none if nothing
 * changed, if the daemon is not started yet, or if it does not run. No command names a NIC whose
 * files are unchanged. Commands for all NICs come first; one for a single NIC may fail alone.
 */
export function activationSteps(
  changes: Changes,
  nics: readonly ActiveNic[],
  activation: Activation,
): readonly Step[] {
  if (activation.stage === "local" || !activation.isRunning) return [];
  // A change of NetworkManager's DNS file (no MAC) concerns neither netplan nor networkd.
  const changesNics = changedMacs(changes).size > 0;
  const generate = changesNics && activation.backend === "netplan" ? [netplanGenerate] : [];
  if (usesNetworkManager(activation))
    return [...generate, ...networkManagerSteps(changes, nics, activation)];
  return changesNics ? [...generate, networkdReload] : [];
}

/**
 * Only generates the files in /run: `netplan apply` takes every NIC down and up. It rewrites all
 * files, and networkd reconfigures links whose file has a new inode: see `preservesDirectory`.
 */
const netplanGenerate: Step = {
  argv: ["netplan", "generate"],
  preservesDirectory: "/run/systemd/network",
  reason: "netplan generates the daemon's files; unchanged files are not replaced",
  mac: null,
  timeoutMs: 30_000,
};

/**
 * networkd reads all files again, and reconfigures the links whose files changed. In our files
 * KeepConfiguration=dhcp keeps addresses meanwhile. A `reconfigure` of the NIC would repeat it.
 */
const networkdReload: Step = {
  argv: ["networkctl", "reload"],
  reason: "networkd configures the links whose files changed",
  mac: null,
  timeoutMs: 30_000,
};

/**
 * The command that makes the daemon in charge configure a link which came back, if the daemon has
 * the files but did not do so by itself. None if the daemon is not started yet or does not run.
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
