import type { Activation, OtherFile } from "../../model/plan.ts";
import {
  isOwnPath,
  macDigits,
  netplanId,
  netplanProfilePath,
  ownPath,
} from "../../model/managed-paths.ts";
import { networkdMatch, type MatchedNic } from "./networkd-match.ts";
import { profileMatch, unmanagedMatch } from "./network-manager-match.ts";

/**
 * Files of others that count more than ours for a NIC, each told in a sentence; none is touched.
 * What netplan makes of others' YAML is judged by what it makes. Not looked at: drop-ins that others
 * put beside our files, ifcfg files, and keys that say something about the machine and not the NIC;
 * where such a key decides, the sentence says "may".
 */
export function competingFiles(
  others: readonly OtherFile[],
  nics: readonly MatchedNic[],
  { backend, renderer }: Pick<Activation, "backend" | "renderer">,
): readonly string[] {
  const files = others
    .filter(({ path }) => !isOwnPath(path))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const isManaged = backend === "network-manager" || renderer === "NetworkManager";
  return nics.flatMap((nic) => [
    ...(backend === "netplan" ? files.flatMap((file) => mergedInto(file, nic)) : []),
    ...(isManaged
      ? files.flatMap((file) => besideProfile(file, nic))
      : networkdRivals(files, nic, ownUnit(backend, nic))),
  ]);
}

/** Where the unit lies that networkd should take for the NIC. */
function ownUnit(backend: Activation["backend"], { mac }: MatchedNic): string {
  if (backend === "networkd") return ownPath("networkd", mac);
  return `/run/systemd/network/10-netplan-${netplanId(macDigits(mac))}.network`;
}

/** Of files with one name only that in the first of these counts. systemd.network(5) */
const folders = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map((top) => {
  return `${top}/systemd/network/`;
});

/** networkd takes the first file by name that means the link. */
function networkdRivals(
  files: readonly OtherFile[],
  nic: MatchedNic,
  own: string,
): readonly string[] {
  const units = files.filter(({ path }) => rank(path) >= 0 && path.endsWith(".network"));
  return units
    .filter(({ path }) => path !== own && comesBefore(path, own))
    .filter(({ path }) => !units.some((each) => hides(each.path, path)))
    .flatMap(({ path, content }) => {
      const { verdict, unknown } = networkdMatch(content, nic);
      if (verdict === "no") return [];
      const why = unknown.length === 0 ? "" : ` (${unknown.join(", ")} is not looked at here)`;
      const verb = verdict === "yes" ? "takes it" : "may take it";
      return [`${path}: networkd ${verb} for ${named(nic)} instead of ${own}${why}`];
    });
}

function comesBefore(path: string, own: string): boolean {
  return nameOf(path) === nameOf(own) ? hides(path, own) : nameOf(path) < nameOf(own);
}

function hides(path: string, other: string): boolean {
  return nameOf(path) === nameOf(other) && rank(path) < rank(other);
}

function rank(path: string): number {
  return folders.findIndex((folder) => path === `${folder}${nameOf(path)}`);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function besideProfile({ path, content }: OtherFile, nic: MatchedNic): readonly string[] {
  if (path === netplanProfilePath(macDigits(nic.mac))) return [];
  if (path.includes("/system-connections/")) {
    const verdict = profileMatch(content, nic);
    const verb = verdict === "yes" ? "prefers it" : "may prefer it";
    return verdict === "no" ? [] : [`${path}: NetworkManager ${verb} to ours for ${named(nic)}`];
  }
  if (!/\/NetworkManager(\.conf$|\/.*\.conf$)/.test(path)) return [];
  const verdict = unmanagedMatch(content, nic);
  const verb = verdict === "yes" ? "keeps" : "may keep";
  return verdict === "no" ? [] : [`${path}: ${verb} NetworkManager off ${named(nic)}`];
}

/** netplan makes one of files that name the same id, and a later one counts more. */
function mergedInto({ path, content }: OtherFile, nic: MatchedNic): readonly string[] {
  const id = netplanId(macDigits(nic.mac));
  if (!path.endsWith(".yaml") || !content.includes(id)) return [];
  return [`${path}: names ${id}: netplan makes one of it and ours for ${named(nic)}`];
}

function named({ mac, name }: MatchedNic): string {
  return name === null ? mac : `${name} (${mac})`;
}
