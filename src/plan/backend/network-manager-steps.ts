import type { Activation, ActiveNic, Step } from "../../model/plan.ts";
import {
  macDigits,
  netplanProfilePath,
  managedPath,
  profileUuid,
} from "../../model/managed-paths.ts";
import { changedMacs, type Changes, changesDns } from "../files/changes.ts";

/**
 * The commands that make NetworkManager apply these changes. It reads profiles only on command
 * (https://github.com/canonical/cloud-init/issues/6064), and reading a profile does not activate
 * it. The primary NIC comes last, so that a failure of another NIC is known before it is changed.
 */
export function networkManagerSteps(
  changes: Changes,
  nics: readonly ActiveNic[],
  activation: Activation,
): readonly Step[] {
  const macs = changedMacs(changes);
  const changed = nics.filter(({ mac }) => changes.write.some((file) => file.mac === mac));
  const needsReload = macs.size > 1 || changesDns(changes);
  const hasRemovedProfiles = [...macs].some((mac) => !changed.some((nic) => nic.mac === mac));
  const dropReason = "NetworkManager drops the profiles whose files were removed";
  const primaryLast = changed.toSorted((a, b) => Number(a.isPrimary) - Number(b.isPrimary));
  return [
    ...(needsReload ? [reloadConfiguration(activation)] : []),
    ...(hasRemovedProfiles ? [reloadProfiles(dropReason)] : []),
    ...(changed.length === 0 ? [] : [loadProfiles(changed, activation)]),
    ...primaryLast.flatMap((nic) => activateNic(nic, activation)),
  ];
}

/** Makes NetworkManager read its own configuration (no profiles), and write resolv.conf. */
function reloadConfiguration({ hasSystemd }: Activation): Step {
  const systemctl = ["systemctl", "reload-or-try-restart", "NetworkManager.service"];
  const argv = hasSystemd ? systemctl : ["nmcli", "general", "reload"];
  const reason = "NetworkManager reads its own configuration again";
  return { argv, reason, mac: null, timeoutMs: 30_000 };
}

/** Makes NetworkManager read new profiles, and drop those whose files are gone; others stay. */
export function reloadProfiles(reason: string): Step {
  return { argv: ["nmcli", "connection", "reload"], reason, mac: null, timeoutMs: 15_000 };
}

function loadProfiles(nics: readonly ActiveNic[], { backend }: Activation): Step {
  const isNetplan = backend === "netplan";
  const paths = nics.map(({ mac }) =>
    isNetplan ? netplanProfilePath(macDigits(mac)) : managedPath("network-manager", mac),
  );
  const argv = ["nmcli", "connection", "load", ...paths];
  const reason = "NetworkManager reads the profiles that changed";
  return { argv, reason, mac: null, timeoutMs: 15_000 };
}

/**
 * `reapply` changes a NIC without taking it down, but works only if our profile is active on the
 * NIC. If another profile (the distribution's, cloud-init's) is active, ours has to be activated.
 */
function activateNic({ mac, name }: ActiveNic, { activeProfiles }: Activation): readonly Step[] {
  if (name === null) return [];
  const uuid = profileUuid(macDigits(mac));
  const isUp = activeProfiles[name] === uuid;
  const argv = isUp ? ["nmcli", "device", "reapply", name] : connectionUp(uuid, name);
  const what = isUp ? "its profile changed" : "ec2nic's profile is not active yet";
  return [{ argv, reason: `${name}: ${what}`, mac, timeoutMs: 60_000 }];
}

/** The command that activates a profile on a link. */
export function connectionUp(uuid: string, name: string): readonly string[] {
  return ["nmcli", "--wait", "45", "connection", "up", "uuid", uuid, "ifname", name];
}
