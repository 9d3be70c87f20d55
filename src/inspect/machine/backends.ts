import type { Host } from "../../host/host.ts";
import type { BackendFacts, DaemonFacts } from "../../model/backend-facts.ts";
import type { TargetHost } from "../../host/target.ts";
import { readText } from "../read-file.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";

type FileHost = Pick<Host, "files">;

/**
 * Who is there to configure the network on the target, and who is in charge of it now. Reads only.
 * systemd is asked about the machine itself; of an image only the files tell.
 */
export async function inspectBackends(
  host: Pick<TargetHost, "exec" | "files" | "target">,
): Promise<BackendFacts> {
  const { target } = host;
  const hasSystemd =
    target.isThisMachine && (await host.files.stat("/run/systemd/system")) !== null;
  const inspectDaemon = (name: string): Promise<DaemonFacts> =>
    hasSystemd ? queryUnit(host, name) : readUnitFiles(target, name);
  const [netplan, networkManager, networkd] = await Promise.all([
    inspectNetplan(target),
    inspectDaemon("NetworkManager"),
    inspectDaemon("systemd-networkd"),
  ]);
  return { hasSystemd, netplan, networkManager, networkd };
}

/** SubState, not ActiveState: only `running` is a daemon that takes orders (facts of cloud-init). */
async function queryUnit(host: Pick<Host, "exec">, name: string): Promise<DaemonFacts> {
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

const unitDirectories = ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"];

/** A unit is enabled where some target wants it (systemctl(1), enable). */
async function readUnitFiles({ files }: FileHost, name: string): Promise<DaemonFacts> {
  const unit = `${name}.service`;
  const exists = async (path: string): Promise<boolean> => (await files.stat(path)) !== null;
  const installed = await Promise.all(
    unitDirectories.map((directory) => exists(`${directory}/${unit}`)),
  );
  const names = await files.list("/etc/systemd/system");
  const wantsDirectories = names.filter((each) => each.endsWith(".wants"));
  const isWanted = await Promise.all(
    wantsDirectories.map((each) => exists(`/etc/systemd/system/${each}/${unit}`)),
  );
  return {
    isInstalled: installed.includes(true),
    isEnabled: isWanted.includes(true),
    isRunning: false,
  };
}

type NetplanFacts = BackendFacts["netplan"];

type Renderer = NetplanFacts["renderer"];

/** In the order in which netplan reads them; of equal names the later folder's file counts. */
const netplanDirectories = ["/usr/lib/netplan", "/lib/netplan", "/etc/netplan", "/run/netplan"];

const netplanPrograms = ["/usr/sbin/netplan", "/usr/bin/netplan", "/sbin/netplan"];

/** netplan on the target: is it there, what do others' files say. Reads only. */
async function inspectNetplan(target: FileHost): Promise<NetplanFacts> {
  const found = await Promise.all(netplanPrograms.map((path) => target.files.stat(path)));
  const listed = await Promise.all(
    netplanDirectories.map((directory) => listYamlFiles(target, directory)),
  );
  const byName = new Map(listed.flat().map((path) => [path.slice(path.lastIndexOf("/")), path]));
  const paths = [...byName.keys()].toSorted().flatMap((name) => byName.get(name) ?? []);
  const others = paths.filter((path) => macOfManagedPath(path) === null);
  const texts = await Promise.all(others.map((path) => readText(target, path)));
  const renderers = texts.flatMap((text) => parseRenderer(text ?? "") ?? []);
  return {
    isInstalled: found.some((each) => each !== null),
    files: others,
    renderer: renderers.at(-1) ?? null,
  };
}

async function listYamlFiles({ files }: FileHost, directory: string): Promise<readonly string[]> {
  const names = await files.list(directory);
  return names.filter((name) => name.endsWith(".yaml")).map((name) => `${directory}/${name}`);
}

/** The one for everything, a key directly below `network:`; a NIC's own lies deeper. */
function parseRenderer(text: string): Renderer {
  const lines = text.split("\n");
  const keys = lines.filter((line) => /^\s+[\w"'-]+\s*:/.test(line));
  const indent = Math.min(...keys.map((line) => line.search(/\S/)));
  for (const line of keys.filter((each) => each.search(/\S/) === indent)) {
    const [, name] = /^\s+renderer:\s*["']?(\w+)/.exec(line) ?? [];
    if (name === "networkd" || name === "NetworkManager") return name;
  }
  return null;
}

/** Link's name → uuid of the profile that is up on it, as NetworkManager says; empty without it. */
export async function readActiveProfiles(
  host: Pick<Host, "exec">,
): Promise<Readonly<Record<string, string>>> {
  const argv = ["nmcli", "--terse", "--fields", "DEVICE,CON-UUID", "device"];
  const { code, stdout } = await host.exec(argv, { timeoutMs: 10_000 });
  if (code !== 0) return {};
  const lines = stdout.split("\n").map((line) => /^(.+):([0-9a-f-]{36})$/.exec(line));
  return Object.fromEntries(
    lines.flatMap((match) => (match === null ? [] : [[unescapeTerse(match[1]), match[2] ?? ""]])),
  );
}

/** Terse output escapes colons and backslashes (nmcli(1), --escape). */
function unescapeTerse(name = ""): string {
  return name.replace(/\\(.)/g, "$1");
}
