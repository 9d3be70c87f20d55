import { type Activation, type OtherFile, usesNetworkManager } from "../../model/plan.ts";
import {
  isManagedPath,
  macDigits,
  netplanId,
  netplanProfilePath,
  managedPath,
} from "../../model/managed-paths.ts";
import { baseName } from "../../model/text.ts";
import { matchNetworkFile, type MatchedNic } from "./networkd-match.ts";
import { matchProfile, matchUnmanagedDevices } from "./network-manager-match.ts";

/**
 * Foreign files that take precedence over ours for a NIC, one sentence each; none is changed. Foreign
 * netplan YAML is evaluated by the files that netplan generates from it. Not evaluated: foreign
 * drop-ins beside our files, ifcfg files, and keys about the machine instead of the NIC; where such a
 * key decides, the sentence says "may".
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
      ? files.flatMap((file) => networkManagerConflicts(file, nic))
      : networkdConflicts(files, nic, managedUnitPath(backend, nic))),
  ]);
}

/** The path of the unit that networkd should use for the NIC. */
function managedUnitPath(backend: Activation["backend"], { mac }: MatchedNic): string {
  if (backend === "networkd") return managedPath("networkd", mac);
  return `/run/systemd/network/10-netplan-${netplanId(macDigits(mac))}.network`;
}

/** Of files with the same name, the one in the first of these directories counts. systemd.network(5) */
const unitDirectories = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map((parent) => {
  return `${parent}/systemd/network/`;
});

/** networkd uses the first file, by name, that matches the link. */
function networkdConflicts(
  files: readonly OtherFile[],
  nic: MatchedNic,
  managedUnit: string,
): readonly string[] {
  const units = files.filter(({ path }) => directoryRank(path) >= 0 && path.endsWith(".network"));
  return units
    .filter(({ path }) => overrides(path, managedUnit) || baseName(path) < baseName(managedUnit))
    .filter(({ path }) => !units.some((each) => overrides(each.path, path)))
    .flatMap(({ path, content }) => {
      const { result: match, unknown } = matchNetworkFile(content, nic);
      if (match === "no") return [];
      const more = unknown.length === 0 ? "" : ` (${unknown.join(", ")} is not looked at here)`;
      const verb = match === "yes" ? "takes it" : "may take it";
      return [`${path}: networkd ${verb} for ${formatNic(nic)} instead of ${managedUnit}${more}`];
    });
}

function overrides(path: string, other: string): boolean {
  return baseName(path) === baseName(other) && directoryRank(path) < directoryRank(other);
}

function directoryRank(path: string): number {
  return unitDirectories.findIndex((directory) => path === `${directory}${baseName(path)}`);
}

function networkManagerConflicts({ path, content }: OtherFile, nic: MatchedNic): readonly string[] {
  if (path === netplanProfilePath(macDigits(nic.mac))) return [];
  if (path.includes("/system-connections/")) {
    const match = matchProfile(content, nic);
    const verb = match === "yes" ? "prefers it" : "may prefer it";
    return match === "no" ? [] : [`${path}: NetworkManager ${verb} to ours for ${formatNic(nic)}`];
  }
  if (!/\/NetworkManager(\.conf$|\/.*\.conf$)/.test(path)) return [];
  const match = matchUnmanagedDevices(content, nic);
  const verb = match === "yes" ? "keeps" : "may keep";
  return match === "no" ? [] : [`${path}: ${verb} NetworkManager off ${formatNic(nic)}`];
}

/** netplan merges files with the same id, and a later one takes precedence. */
function netplanConflicts({ path, content }: OtherFile, nic: MatchedNic): readonly string[] {
  const id = netplanId(macDigits(nic.mac));
  if (!path.endsWith(".yaml") || !content.includes(id)) return [];
  return [`${path}: names ${id}: netplan makes one of it and ours for ${formatNic(nic)}`];
}

function formatNic({ mac, name }: MatchedNic): string {
  return name === null ? mac : `${name} (${mac})`;
}
