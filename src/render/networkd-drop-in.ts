import type { NicConfig } from "../model/network-config.ts";
import type { ConfigFile } from "../model/network-plan.ts";
import { dropInPath } from "../model/own-files.ts";
import { headLines } from "./header.ts";
import { renderIni } from "./ini.ts";
import { advertisedRoutes, keepLease, ruleSection } from "./networkd-sections.ts";

/**
 * What netplan has no words for, added to the unit that it makes: a lease that is kept, the router
 * that advertises itself in a table of its own, rules that leave the default out.
 */
export function networkdDropIn(nic: NicConfig): ConfigFile {
  const rules = nic.rules.filter(({ ignoresDefault }) => ignoresDefault);
  const sections = [
    { name: "Network", entries: [keepLease] },
    ...advertisedRoutes(nic),
    ...rules.map(ruleSection),
  ];
  // networkd reads it as the user systemd-network, and there is no secret in it.
  const content = renderIni(headLines(nic), sections);
  return { path: dropInPath(nic.mac), content, mode: 0o644, mac: nic.mac };
}
