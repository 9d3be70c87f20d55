import type { Backend } from "./plan.ts";

/** The first line of every file of ours begins with this, behind the format's comment sign. */
export const managedMark = "written by ec2nic";

/** Where the admin lists the NICs that are to be left alone: MACs, names or ENI ids. */
export const unmanagedPath = "/etc/ec2nic/unmanaged";

/** Keeps NetworkManager's hands off /etc/resolv.conf, where that is somebody else's. */
export const networkManagerDnsPath = "/etc/NetworkManager/conf.d/90-ec2nic-dns.conf";

/** Keeps networkd from taking away routes and rules that others made. */
export const networkdConfigPath = "/etc/systemd/networkd.conf.d/60-ec2nic.conf";

/** Files of ours that belong to no NIC. */
export const machinePaths: readonly string[] = [networkManagerDnsPath, networkdConfigPath];

/**
 * Where a backend's file for a NIC lies; `MAC` stands for the NIC's twelve digits. Ours sort
 * before Amazon Linux's `80-ec2.network`: networkd takes the first file that matches, by name.
 */
export const pathTemplates = {
  netplan: "/etc/netplan/60-ec2nic-MAC.yaml",
  "network-manager": "/etc/NetworkManager/system-connections/ec2nic-MAC.nmconnection",
  networkd: "/etc/systemd/network/60-ec2nic-MAC.network",
} as const satisfies Record<Backend, string>;

/** Beside netplan's file: what netplan cannot say, added to the unit that it makes. */
const dropInTemplate = `/etc/systemd/network/10-netplan-${netplanId("MAC")}.network.d/60-ec2nic.conf`;

/** Every place where a file of ours for a NIC can lie. */
export const nicPathTemplates: readonly string[] = [
  ...Object.values(pathTemplates),
  dropInTemplate,
];

/** Where the file of one NIC lies. */
export function managedPath(backend: Backend, mac: string): string {
  return pathTemplates[backend].replace("MAC", macDigits(mac));
}

/** Where the drop-in for the unit lies that netplan makes for one NIC. */
export function dropInPath(mac: string): string {
  return dropInTemplate.replace("MAC", macDigits(mac));
}

/** The folder that lies only for a file of ours, and goes with it; null: it is everybody's. */
export function managedDirectory(path: string): string | null {
  return extractMac(path, dropInTemplate) === null ? null : path.slice(0, path.lastIndexOf("/"));
}

/** A canonical MAC without its colons, as file names and netplan ids have it. */
export function macDigits(mac: string): string {
  return mac.replaceAll(":", "");
}

/** The NIC whose file this is; null where the path is none of ours. */
export function macOfManagedPath(path: string): string | null {
  const macs = nicPathTemplates.map((template) => extractMac(path, template));
  return macs.find((mac) => mac !== null) ?? null;
}

/** Whether we would write here, for a NIC or for the machine. */
export function isManagedPath(path: string): boolean {
  return machinePaths.includes(path) || macOfManagedPath(path) !== null;
}

/** The MAC that makes `template` into `text`; null where none does. */
function extractMac(text: string, template: string): string | null {
  const [before = "", after = ""] = template.split("MAC");
  const digits = text.slice(before.length, text.length - after.length);
  const fits = text.startsWith(before) && text.endsWith(after) && /^[0-9a-f]{12}$/.test(digits);
  return fits ? digits.replaceAll(/(..)(?!$)/g, "$1:") : null;
}

/** The names of the temporary files of `Files.write` and `Files.symlink`. */
export const temporaryNames = /^\.ec2nic-[0-9a-f]{12}\.tmp$/;

/**
 * What we call a NIC in the backends' own terms. All follow from the MAC's digits alone, so that a
 * run finds again what an earlier one made.
 */

/**
 * The NIC's id in netplan's YAML. It becomes `10-netplan-ID.network`, and networkd takes the first
 * file by name that matches a link: `a-` comes before any catch-all (`all-en` in Debian's image) and
 * any id that is a NIC's name (cloud-init's).
 */
export function netplanId(digits: string): string {
  return `a-ec2nic-${digits}`;
}

/** Where netplan puts the profile that it makes for NetworkManager. */
export function netplanProfilePath(digits: string): string {
  return `/run/NetworkManager/system-connections/netplan-${netplanId(digits)}.nmconnection`;
}

/** The name of the NIC's profile in NetworkManager. */
export function profileId(digits: string): string {
  return `ec2nic-${digits}`;
}

/**
 * The uuid of that profile, the same at every run: NetworkManager knows profiles by it, and a new
 * one would be a second profile for the NIC. RFC 9562 leaves what is in a version 8 uuid to us:
 * `ec2nic` in ASCII, and the MAC where version 1 has it.
 */
export function profileUuid(digits: string): string {
  return `6563326e-6963-8000-8000-${digits}`;
}

/** The folders above an absolute path, the highest first: `/a` and `/a/b` of `/a/b/c`; `/` is left out. */
export function parentDirectories(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** Whether a path is absolute and needs no quoting, in a unit of systemd or in a shell. */
export function isPlainPath(program: string): boolean {
  return /^(\/[\w.+-]+)+$/.test(program);
}
