import type { DhcpHookFacts } from "../../model/dhcp.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { baseName, directoryOf } from "../../model/text.ts";
import { renderUnits } from "./boot-and-repair.ts";
import { renderDhcpHooks } from "./dhcp-hooks.ts";
import { renderHotplugUnits, renderUdevRules } from "./hotplug.ts";
import type { Installation, UnitLink } from "./model.ts";

/**
 * All files of an installation (udev rules, units and hooks), and the links that enable units.
 * `program`: see `renderUnits`. `clients` are the DHCP clients that get a hook; null for no hooks.
 */
export function renderInstallation(program: string, clients: DhcpHookFacts | null): Installation {
  const hooks = clients === null ? [] : renderDhcpHooks(program, clients);
  const units = [...renderUnits(program), ...renderHotplugUnits(program), ...hooks];
  return { files: [renderUdevRules(), ...units], links: units.flatMap(enableLinks) };
}

/** The links of `systemctl enable`. They are relative, so that they are also valid in an image. */
function enableLinks({ path, content }: ConfigFile): readonly UnitLink[] {
  const name = baseName(path);
  return [...content.matchAll(/^WantedBy=(.*)$/gm)].map(([, target = ""]) => ({
    path: `${directoryOf(path)}/${target}.wants/${name}`,
    target: `../${name}`,
  }));
}
