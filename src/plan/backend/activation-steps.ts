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
 * The least disruptive commands that make the daemon in charge apply these changes. There are none
 * if nothing changed, if the daemon is not started yet, or if it does not run. No command names a
 * NIC whose files are unchanged. Commands for all NICs come first, then those for one NIC each.
 */
export function activationSteps(
  changes: Changes,
  nics: readonly ActiveNic[],
  activation: Activation,
): readonly Step[] {
  if (activation.stage === "local" || !activation.isRunning) return [];
  // NetworkManager's DNS file has no MAC, and its change has no effect on netplan and networkd.
  const changesNics = changedMacs(changes).size > 0;
  const generate = changesNics && activation.backend === "netplan" ? [netplanGenerate] : [];
  if (usesNetworkManager(activation))
    return [...generate, ...networkManagerSteps(changes, nics, activation)];
  return changesNics ? [...generate, networkdReload] : [];
}

/**
 * Only generates the files in /run, because `netplan apply` takes every NIC down and up. networkd
 * reconfigures a link if its file has a new inode, so `preservesDirectory` keeps unchanged files.
 */
const netplanGenerate: Step = {
  argv: ["netplan", "generate"],
  preservesDirectory: "/run/systemd/network",
  reason: "netplan generates the daemon's files; unchanged files are not replaced",
  mac: null,
  timeoutMs: 30_000,
};

/**
 * networkd reads all files again, and reconfigures the links whose files changed. Meanwhile
 * KeepConfiguration=dhcp in our files keeps the addresses. No `reconfigure` is needed after this.
 */
const networkdReload: Step = {
  argv: ["networkctl", "reload"],
  reason: "networkd configures the links whose files changed",
  mac: null,
  timeoutMs: 30_000,
};

/** The commands that make networkd read its files again although none has changed. */
export function readAgainSteps({ backend, stage, isRunning }: Activation): readonly Step[] {
  if (stage === "local" || !isRunning) return [];
  return [...(backend === "netplan" ? [netplanGenerate] : []), networkdReload];
}

/**
 * The command that makes the daemon in charge configure a link which came back, if the daemon did
 * not do this by itself. There is none if the daemon is not started yet or does not run.
 */
export function reactivateSteps({ mac, name }: ActiveNic, activation: Activation): readonly Step[] {
  const { stage, isRunning } = activation;
  if (name === null || stage === "local" || !isRunning) return [];
  const daemon = usesNetworkManager(activation) ? "NetworkManager" : "networkd";
  const reason = `${name}: the link came back, but ${daemon} did not configure it`;
  const reconfigure = ["networkctl", "reconfigure", name];
  const argv =
    daemon === "networkd" ? reconfigure : connectionUp(profileUuid(macDigits(mac)), name);
  return [{ argv, reason, mac, timeoutMs: 60_000 }];
}
