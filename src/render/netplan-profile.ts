import type { NicConfig } from "../model/network-config.ts";
import { macDigits } from "../model/own-files.ts";
import { profileId, profileUuid } from "../model/own-names.ts";
import type { IniSection } from "./ini.ts";
import { connectionEntries, dhcpEntries, methodEntry, ruleEntries } from "./profile-entries.ts";
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
      ...named("ipv4", entriesOf(nic, 4)),
      ...named("ipv6", entriesOf(nic, 6)),
    },
  };
}

/** The method too: without DHCP netplan makes it `manual` with no address, which is refused. */
function entriesOf(nic: NicConfig, family: 4 | 6): IniSection["entries"] {
  return [methodEntry(nic, family), ...dhcpEntries(nic, family), ...ruleEntries(nic, family)];
}

function named(section: string, entries: IniSection["entries"]): { readonly [key: string]: Yaml } {
  return Object.fromEntries(
    entries.map(([key, value]) => [`${section}.${key}`, String(value)] as const),
  );
}
