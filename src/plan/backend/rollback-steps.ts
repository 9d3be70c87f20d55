import type { Activation, ActiveNic, Step } from "../../model/plan.ts";
import { changedMacs, type Changes } from "../files/changes.ts";
import { planSteps } from "./activation-steps.ts";

/**
 * The commands that take `planSteps` back, once the files are the old ones again. For networkd and
 * netplan they are the same; NetworkManager has to be told which profile was up before, and finds
 * one by itself where that is not known.
 */
export function undoSteps(
  changes: Changes,
  nics: readonly ActiveNic[],
  activation: Activation,
): readonly Step[] {
  const steps = planSteps(changes, nics, activation);
  const isManaged =
    activation.backend === "network-manager" || activation.renderer === "NetworkManager";
  if (!isManaged || steps.length === 0) return steps;
  const macs = changedMacs(changes);
  const before = steps.filter(({ argv }) => argv[0] !== "nmcli" || argv[1] === "general");
  return [
    ...before,
    readProfiles,
    ...nics.filter(({ mac }) => macs.has(mac)).flatMap((nic) => restore(nic, activation)),
  ];
}

const readProfiles: Step = {
  argv: ["nmcli", "connection", "reload"],
  reason: "NetworkManager reads the profiles that came back",
  mac: null,
  timeoutMs: 15_000,
};

function restore({ mac, name }: ActiveNic, { active }: Activation): readonly Step[] {
  if (name === null) return [];
  const uuid = active[name];
  const argv =
    uuid === undefined
      ? ["nmcli", "--wait", "45", "device", "connect", name]
      : ["nmcli", "--wait", "45", "connection", "up", "uuid", uuid, "ifname", name];
  return [{ argv, reason: `${name}: what was up before`, mac, timeoutMs: 60_000 }];
}
