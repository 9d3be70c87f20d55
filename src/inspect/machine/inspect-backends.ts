import type { Host } from "../../host/host.ts";
import type { BackendFacts, DaemonFacts } from "../../model/backend-facts.ts";
import { inspectNetplan } from "./inspect-netplan.ts";
import { isThisMachine, underRoot } from "../../host/target-root.ts";

type InspectHost = Pick<Host, "exec" | "files">;

/**
 * Who is there to configure the network below `root`, and who is in charge of it now. Reads only.
 * systemd is asked about the machine itself; of an image only the files tell.
 */
export async function inspectBackends(host: InspectHost, root: string): Promise<BackendFacts> {
  const isLive = isThisMachine(root);
  const hasSystemd = isLive && (await host.files.stat("/run/systemd/system")) !== null;
  const daemon = (name: string): Promise<DaemonFacts> =>
    hasSystemd ? askSystemd(host, name) : readUnitFiles(host, root, name);
  const [netplan, networkManager, networkd] = await Promise.all([
    inspectNetplan(host, root),
    daemon("NetworkManager"),
    daemon("systemd-networkd"),
  ]);
  return { hasSystemd, netplan, networkManager, networkd };
}

/** SubState, not ActiveState: only `running` is a daemon that takes orders (facts of cloud-init). */
async function askSystemd(host: InspectHost, name: string): Promise<DaemonFacts> {
  const properties = "LoadState,UnitFileState,SubState";
  const argv = ["systemctl", "show", `--property=${properties}`, `${name}.service`];
  const { stdout } = await host.exec(argv, { timeoutMs: 10_000 });
  const has = (line: string): boolean => stdout.split("\n").includes(line);
  return {
    isInstalled: has("LoadState=loaded"),
    isEnabled: has("UnitFileState=enabled") || has("UnitFileState=enabled-runtime"),
    isRunning: has("SubState=running"),
  };
}

const unitFolders = ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"];

/** A unit is enabled where some target wants it (systemctl(1), enable). */
async function readUnitFiles(
  host: Pick<Host, "files">,
  root: string,
  name: string,
): Promise<DaemonFacts> {
  const unit = `${name}.service`;
  const isAt = async (path: string): Promise<boolean> =>
    (await host.files.stat(underRoot(root, path))) !== null;
  const installed = await Promise.all(unitFolders.map((folder) => isAt(`${folder}/${unit}`)));
  const names = await host.files.list(underRoot(root, "/etc/systemd/system"));
  const wants = names.filter((each) => each.endsWith(".wants"));
  const wanted = await Promise.all(
    wants.map((each) => isAt(`/etc/systemd/system/${each}/${unit}`)),
  );
  return {
    isInstalled: installed.includes(true),
    isEnabled: wanted.includes(true),
    isRunning: false,
  };
}
