import type { Activation } from "../../model/plan.ts";
import type { RuleStyle } from "../../model/network-config.ts";

interface ChosenRuleStyle {
  readonly ruleStyle: RuleStyle;
  readonly reason: string;
}

/** The first version with `SuppressInterfaceGroup=`, systemd.network(5). */
const firstVersion = 250;

/**
 * Chooses the style of rules that the backend can express. Link groups need networkd of systemd 250;
 * NetworkManager has no setting for them (nm-settings(5), `routing-rules`). netplan passes them to
 * networkd in a drop-in. The other style works with all versions.
 */
export function chooseRuleStyle(
  { backend, renderer }: Pick<Activation, "backend" | "renderer">,
  systemdVersion: number | null,
): ChosenRuleStyle {
  const usesNetworkd = backend === "networkd" || renderer === "networkd";
  if (!usesNetworkd) return { ruleStyle: "prefix", reason: "rules: by prefix (NetworkManager)" };
  const version = systemdVersion === null ? "unknown version" : `version ${systemdVersion}`;
  if (systemdVersion === null || systemdVersion < firstVersion) {
    return { ruleStyle: "prefix", reason: `rules: by prefix (networkd, ${version})` };
  }
  return { ruleStyle: "group", reason: `rules: by link group (networkd, ${version})` };
}
