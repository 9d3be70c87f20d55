import type { DhcpHookFacts } from "../../model/dhcp.ts";
import type { Installation, UnitLink } from "./model.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { renderDhcpHooks } from "./dhcp-hooks.ts";
import { renderHotplugUnits, renderUdevRules } from "./hotplug.ts";
import { renderUnits } from "./boot.ts";

/**
 * All that makes NICs be configured by themselves: udev's rules, units, and the links by which units
 * are started. `program`: see `renderUnits`; `clients`: those that get a hook, null for none of them.
 */
export function renderInstallation(program: string, clients: DhcpHookFacts | null): Installation {
  const hooks = clients === null ? [] : renderDhcpHooks(program, clients);
  const units = [...renderUnits(program), ...renderHotplugUnits(program), ...hooks];
  return { files: [renderUdevRules(), ...units], links: units.flatMap(enableLinks) };
}

/** What `systemctl enable` would make; relative, so that it also holds below another root. */
function enableLinks({ path, content }: ConfigFile): readonly UnitLink[] {
  const slash = path.lastIndexOf("/");
  const [directory, name] = [path.slice(0, slash), path.slice(slash + 1)];
  const targets = [...content.matchAll(/^WantedBy=(.*)$/gm)].map(([, target]) => target ?? "");
  return targets.map((target) => ({
    path: `${directory}/${target}.wants/${name}`,
    target: `../${name}`,
  }));
}
