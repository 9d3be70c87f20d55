import type { NicConfig } from "../net/network-config.ts";
import { macDigits } from "../net/own-files.ts";
import { profileId, profileUuid } from "../net/own-names.ts";
import type { IniSection } from "./ini.ts";
import { connectionEntries, dhcpEntries, ruleEntries } from "./profile-entries.ts";
import type { Yaml } from "./yaml.ts";

/**
 * What netplan hands on to NetworkManager as it is: the profile's name and uuid, and the keys of a
 * profile that netplan has no words for, as `SECTION.KEY`. The kernel's rules are among them.
 */
export function netplanProfile(nic: NicConfig): Yaml {
  const digits = macDigits(nic.mac);
  return {
    uuid: profileUuid(digits),
    name: profileId(digits),
    passthrough: {
      ...named("connection", connectionEntries),
      ...named("ipv4", [...dhcpEntries(nic, 4), ...ruleEntries(nic, 4)]),
      ...named("ipv6", [...dhcpEntries(nic, 6), ...ruleEntries(nic, 6)]),
    },
  };
}

function named(section: string, entries: IniSection["entries"]): { readonly [key: string]: Yaml } {
  return Object.fromEntries(
    entries.map(([key, value]) => [`${section}.${key}`, String(value)] as const),
  );
}
