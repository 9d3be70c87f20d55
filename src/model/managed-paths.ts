import type { Backend } from "./plan.ts";
import { directoryOf } from "./text.ts";

/** The first line of every file of ours contains this, after the comment sign of the format. */
export const managedMark = "written by ec2nic";

/** The admin's list of unmanaged NICs: MACs, names or ENI ids. */
export const unmanagedPath = "/etc/ec2nic/unmanaged";

/** The admin's policy for all NICs. */
export const policyPath = "/etc/ec2nic/policy";

/** Keeps NetworkManager from writing /etc/resolv.conf, if another program writes that file. */
export const networkManagerDnsPath = "/etc/NetworkManager/conf.d/90-ec2nic-dns.conf";

/** Keeps networkd from removing routes and rules of other programs. */
export const networkdConfigPath = "/etc/systemd/networkd.conf.d/60-ec2nic.conf";

/** Our files for the machine as a whole. */
export const machinePaths: readonly string[] = [networkManagerDnsPath, networkdConfigPath];

/**
 * The path of each backend's file for a NIC, with `MAC` for its twelve digits. The names sort
 * before `80-ec2.network` of Amazon Linux, because networkd uses the first matching file, by name.
 */
export const pathTemplates = {
  netplan: "/etc/netplan/60-ec2nic-MAC.yaml",
  "network-manager": "/etc/NetworkManager/system-connections/ec2nic-MAC.nmconnection",
  networkd: "/etc/systemd/network/60-ec2nic-MAC.network",
} as const satisfies Record<Backend, string>;

/** A drop-in for the file that netplan generates, for settings that netplan cannot express. */
const dropInTemplate = `/etc/systemd/network/10-netplan-${netplanId("MAC")}.network.d/60-ec2nic.conf`;

/** The templates of all files of ours for a NIC. */
export const nicPathTemplates: readonly string[] = [
  ...Object.values(pathTemplates),
  dropInTemplate,
];

/** The path of a backend's file for one NIC. */
export function managedPath(backend: Backend, mac: string): string {
  return pathTemplates[backend].replace("MAC", macDigits(mac));
}

/** The path of the drop-in for netplan's unit of one NIC. */
export function dropInPath(mac: string): string {
  return dropInTemplate.replace("MAC", macDigits(mac));
}

/** The directory of a file of ours that exists only for it; null if others use it, too. */
export function managedDirectory(path: string): string | null {
  return extractMac(path, dropInTemplate) === null ? null : directoryOf(path);
}

/** A canonical MAC without its colons, for file names and netplan ids. */
export function macDigits(mac: string): string {
  return mac.replaceAll(":", "");
}

/** The MAC of the NIC that a file of ours is for; null if the path is not such a file's. */
export function macOfManagedPath(path: string): string | null {
  const macs = nicPathTemplates.map((template) => extractMac(path, template));
  return macs.find((mac) => mac !== null) ?? null;
}

/** Whether a path is ours, for a NIC or for the machine. */
export function isManagedPath(path: string): boolean {
  return machinePaths.includes(path) || macOfManagedPath(path) !== null;
}

/** The MAC with which `template` gives `text`; null if there is none. */
function extractMac(text: string, template: string): string | null {
  const [before = "", after = ""] = template.split("MAC");
  const digits = text.slice(before.length, text.length - after.length);
  const fits = text.startsWith(before) && text.endsWith(after) && /^[0-9a-f]{12}$/.test(digits);
  return fits ? digits.replaceAll(/(..)(?!$)/g, "$1:") : null;
}

/** The names of the temporary files of `Files.write` and `Files.symlink`. */
export const temporaryNames = /^\.ec2nic-[0-9a-f]{12}\.tmp$/;

/**
 * The NIC's id in netplan's YAML. Like the other names, it depends only on the MAC, so that every
 * run finds it again. netplan writes `10-netplan-ID.network`, and networkd uses the first file, by
 * name, that matches a link. `a-` sorts before a catch-all id (`all-en` in Debian's image) and
 * before an id that is the name of a NIC (cloud-init's).
 */
export function netplanId(digits: string): string {
  return `a-ec2nic-${digits}`;
}

/** The path of the profile that netplan generates for NetworkManager. */
export function netplanProfilePath(digits: string): string {
  return `/run/NetworkManager/system-connections/netplan-${netplanId(digits)}.nmconnection`;
}

/** The name of the NIC's profile in NetworkManager. */
export function profileId(digits: string): string {
  return `ec2nic-${digits}`;
}

/**
 * The uuid of that profile. It is the same in every run, because NetworkManager identifies profiles
 * by it, and a new uuid would make a second profile for the NIC. RFC 9562 leaves the content of
 * version 8 to the application: here `ec2nic` in ASCII, and the MAC at its place in version 1.
 */
export function profileUuid(digits: string): string {
  return `6563326e-6963-8000-8000-${digits}`;
}

/** The directories above an absolute path, outermost first: `/a` and `/a/b` of `/a/b/c`. */
export function parentDirectories(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** Whether a path is absolute and needs no quotes in a unit or in a shell. */
export function isPlainPath(program: string): boolean {
  return /^(\/[\w.+-]+)+$/.test(program);
}
