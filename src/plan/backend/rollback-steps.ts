import {
  type Activation,
  type ActiveNic,
  type Step,
  usesNetworkManager,
} from "../../model/plan.ts";
import { changedMacs, type Changes } from "../files/changes.ts";
import { activationSteps } from "./activation-steps.ts";
import { connectionUp, reloadProfiles } from "./network-manager-steps.ts";

/**
 * The commands that undo `activationSteps`; they run after the old files have been restored.
 * networkd and netplan need the same commands. NetworkManager has to activate the profile that was
 * active before; if that profile is not known, NetworkManager chooses one itself.
 */
export function rollbackSteps(
  changes: Changes,
  nics: readonly ActiveNic[],
  activation: Activation,
): readonly Step[] {
  const steps = activationSteps(changes, nics, activation);
  if (!usesNetworkManager(activation) || steps.length === 0) return steps;
  const macs = changedMacs(changes);
  const daemonSteps = steps.filter(({ argv }) => argv[0] !== "nmcli" || argv[1] === "general");
  return [
    ...daemonSteps,
    reloadProfiles("NetworkManager reads the restored profiles"),
    ...nics.filter(({ mac }) => macs.has(mac)).flatMap((nic) => reactivate(nic, activation)),
  ];
}

function reactivate({ mac, name }: ActiveNic, { activeProfiles }: Activation): readonly Step[] {
  if (name === null) return [];
  const uuid = activeProfiles[name];
  const argv =
    uuid === undefined
      ? ["nmcli", "--wait", "45", "device", "connect", name]
      : connectionUp(uuid, name);
  return [{ argv, reason: `${name}: the profile that was active before`, mac, timeoutMs: 60_000 }];
}
