import type { Backend } from "./network-plan.ts";

/** The first line of every file of ours begins with this, behind the format's comment sign. */
export const ownMark = "written by ec2nic";

/** Where the admin lists the NICs that are to be left alone: MACs, names or ENI ids. */
export const unmanagedPath = "/etc/ec2nic/unmanaged";

/**
 * Every place where a file of ours can lie; `MAC` stands for the NIC's twelve digits. Ours sort
 * before Amazon Linux's `80-ec2.network`: networkd takes the first file that matches, by name.
 */
export const ownPlaces = {
  netplan: "/etc/netplan/60-ec2nic-MAC.yaml",
  "network-manager": "/etc/NetworkManager/system-connections/ec2nic-MAC.nmconnection",
  networkd: "/etc/systemd/network/60-ec2nic-MAC.network",
} as const satisfies Record<Backend, string>;

/** A canonical MAC without its colons, as file names and netplan ids have it. */
export function macDigits(mac: string): string {
  return mac.replaceAll(":", "");
}

/** Where the file of one NIC lies. */
export function ownPath(backend: Backend, mac: string): string {
  return ownPlaces[backend].replace("MAC", macDigits(mac));
}

/** The NIC whose file this is; null where the path is none of ours. */
export function macOfOwnPath(path: string): string | null {
  const macs = Object.values(ownPlaces).map((template) => macIn(path, template));
  return macs.find((mac) => mac !== null) ?? null;
}

/** The MAC that makes `template` into `text`; null where none does. */
function macIn(text: string, template: string): string | null {
  const [before = "", after = ""] = template.split("MAC");
  const digits = text.slice(before.length, text.length - after.length);
  const fits = text.startsWith(before) && text.endsWith(after) && /^[0-9a-f]{12}$/.test(digits);
  return fits ? digits.replaceAll(/(..)(?!$)/g, "$1:") : null;
}
