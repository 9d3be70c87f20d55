import { type Activation, type OtherFile, usesNetworkManager } from "../../model/plan.ts";
import {
  isManagedPath,
  macDigits,
  netplanId,
  netplanProfilePath,
} from "../../model/managed-paths.ts";
import { baseName } from "../../model/text.ts";
import { matchNetworkFile, type MatchedNic } from "./networkd-match.ts";
import { dropMasked, matchProfile, matchUnmanagedDevices } from "./network-manager-match.ts";
import { managedUnitPath } from "./daemon-problems.ts";
import { listUnits, overrides } from "./unit-files.ts";

/**
 * One sentence for each file of another program or of the admin that takes precedence over our file
 * for a NIC. Changes no file. For netplan YAML, the files that netplan generates from it are
 * evaluated. Drop-ins that others add to our files, ifcfg files, and keys that match the machine
 * instead of the NIC are not evaluated. If a key that is not evaluated decides whether a file
 * matches, the sentence says "may".
 */
export function findConflicts(
  others: readonly OtherFile[],
  nics: readonly MatchedNic[],
  { backend, renderer }: Pick<Activation, "backend" | "renderer">,
): readonly string[] {
  const files = others
    .filter(({ path }) => !isManagedPath(path))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return nics.flatMap((nic) => [
    ...(backend === "netplan" ? files.flatMap((file) => netplanConflicts(file, nic)) : []),
    ...(usesNetworkManager({ backend, renderer })
      ? dropMasked(files).flatMap((file) => networkManagerConflicts(file, nic))
      : networkdConflicts(files, nic, managedUnitPath(backend, nic.mac))),
  ]);
}

/** Conflicts in networkd, which uses the first `.network` file, by name, that matches the link. */
function networkdConflicts(
  files: readonly OtherFile[],
  nic: MatchedNic,
  managedUnit: string,
): readonly string[] {
  return listUnits(files)
    .filter(({ path }) => overrides(path, managedUnit) || baseName(path) < baseName(managedUnit))
    .flatMap(({ path, content }) => {
      const { result: match, unknown } = matchNetworkFile(content, nic);
      if (match === "no") return [];
      const more = unknown.length === 0 ? "" : ` (${unknown.join(", ")} is not evaluated here)`;
      const verb = match === "yes" ? "uses it" : "may use it";
      return [`${path}: networkd ${verb} for ${formatNic(nic)} instead of ${managedUnit}${more}`];
    });
}

function networkManagerConflicts({ path, content }: OtherFile, nic: MatchedNic): readonly string[] {
  if (path === netplanProfilePath(macDigits(nic.mac))) return [];
  if (path.includes("/system-connections/")) {
    const match = matchProfile(content, nic);
    const verb = match === "yes" ? "uses it" : "may use it";
    const effect = `NetworkManager ${verb} for ${formatNic(nic)} instead of ec2nic's profile`;
    return match === "no" ? [] : [`${path}: ${effect}`];
  }
  if (!/\/NetworkManager(\.conf$|\/.*\.conf$)/.test(path)) return [];
  const match = matchUnmanagedDevices(content, nic);
  const verb = match === "yes" ? "stops" : "may stop";
  const effect = `${verb} NetworkManager from managing ${formatNic(nic)}`;
  return match === "no" ? [] : [`${path} ${effect}`];
}

/** netplan merges settings with the same id, and those of a later file take precedence. */
function netplanConflicts({ path, content }: OtherFile, nic: MatchedNic): readonly string[] {
  const id = netplanId(macDigits(nic.mac));
  if (!path.endsWith(".yaml") || !content.includes(id)) return [];
  return [`${path}: netplan merges its ${id} with ec2nic's settings for ${formatNic(nic)}`];
}

function formatNic({ mac, name }: MatchedNic): string {
  return name === null ? mac : `${name} (${mac})`;
}
