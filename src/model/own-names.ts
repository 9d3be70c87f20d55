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
