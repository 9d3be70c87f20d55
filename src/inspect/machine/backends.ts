import type { ExecHost, FileHost } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import type { BackendFacts, DaemonFacts } from "../../model/backend-facts.ts";
import { macOfManagedPath } from "../../model/managed-paths.ts";
import { baseName } from "../../model/text.ts";
import { readSystemdVersion } from "./systemd-version.ts";
import { findExisting, listPaths, readText } from "../read-file.ts";

/** systemctl and nmcli answer within milliseconds, unless their daemon hangs. */
const queryTimeoutMs = 10_000;

/**
 * Which programs on the target could configure the network, and which of them does. Changes
 * nothing. On the running machine it asks systemd; of an image it reads only files.
 */
export async function inspectBackends(
  host: Pick<TargetHost, "exec" | "files" | "target">,
): Promise<BackendFacts> {
  const { target } = host;
  const hasSystemd =
    target.isThisMachine && (await host.files.stat("/run/systemd/system")) !== null;
  const inspectDaemon = (name: string): Promise<DaemonFacts> =>
    hasSystemd ? queryUnit(host, name) : readUnitFiles(target, name);
  const [netplan, networkManager, networkd, systemdVersion] = await Promise.all([
    inspectNetplan(target),
    inspectDaemon("NetworkManager"),
    inspectDaemon("systemd-networkd"),
    readSystemdVersion(host),
  ]);
  return { hasSystemd, netplan, networkManager, networkd, systemdVersion };
}

/** Reads SubState, not ActiveState: only a `running` daemon accepts commands (cloud-init). */
async function queryUnit(host: ExecHost, name: string): Promise<DaemonFacts> {
  const properties = "LoadState,UnitFileState,SubState";
  const argv = ["systemctl", "show", `--property=${properties}`, `${name}.service`];
  const { stdout } = await host.exec(argv, { timeoutMs: queryTimeoutMs });
  const has = (line: string): boolean => stdout.split("\n").includes(line);
  return {
    isInstalled: has("LoadState=loaded"),
    isEnabled: has("UnitFileState=enabled") || has("UnitFileState=enabled-runtime"),
    isRunning: has("SubState=running"),
  };
}

const adminUnits = "/etc/systemd/system";
const unitDirectories = ["/usr/lib/systemd/system", "/lib/systemd/system", adminUnits];

/** A unit is enabled if a target wants it (systemctl(1), enable). */
async function readUnitFiles(target: FileHost, name: string): Promise<DaemonFacts> {
  const isInAny = async (directories: readonly string[]): Promise<boolean> => {
    const paths = directories.map((directory) => `${directory}/${name}.service`);
    return (await findExisting(target, paths)) !== null;
  };
  const wantsDirectories = await listPaths(target, adminUnits, /\.wants$/);
  return {
    isInstalled: await isInAny(unitDirectories),
    isEnabled: await isInAny(wantsDirectories),
    isRunning: false,
  };
}

type NetplanFacts = BackendFacts["netplan"];

/** In netplan's order of reading. Of files with the same name, the last one counts. */
const netplanDirectories = ["/usr/lib/netplan", "/lib/netplan", "/etc/netplan", "/run/netplan"];

const netplanPrograms = ["/usr/sbin/netplan", "/usr/bin/netplan", "/sbin/netplan"];

async function inspectNetplan(target: FileHost): Promise<NetplanFacts> {
  const listed = await Promise.all(
    netplanDirectories.map((directory) => listPaths(target, directory, /\.yaml$/)),
  );
  const byName = new Map(listed.flat().map((path) => [baseName(path), path]));
  const paths = [...byName.keys()].toSorted().flatMap((name) => byName.get(name) ?? []);
  const files = paths.filter((path) => macOfManagedPath(path) === null);
  const texts = await Promise.all(files.map((path) => readText(target, path)));
  const renderers = texts.flatMap((text) => parseRenderer(text ?? "") ?? []);
  return {
    isInstalled: (await findExisting(target, netplanPrograms)) !== null,
    files,
    renderer: renderers.at(-1) ?? null,
  };
}

/** The renderer of all NICs, a key directly below `network:`. That of one NIC is indented more. */
function parseRenderer(text: string): NetplanFacts["renderer"] {
  const keys = text.split("\n").filter((line) => /^\s+[\w"'-]+\s*:/.test(line));
  const indent = Math.min(...keys.map((line) => line.search(/\S/)));
  for (const line of keys.filter((each) => each.search(/\S/) === indent)) {
    const [, name] = /^\s+renderer:\s*["']?(\w+)/.exec(line) ?? [];
    if (name === "networkd" || name === "NetworkManager") return name;
  }
  return null;
}

/** The uuids of NetworkManager's active profiles, by link name; empty if nmcli fails. */
export async function readActiveProfiles(
  host: ExecHost,
): Promise<Readonly<Record<string, string>>> {
  const argv = ["nmcli", "--terse", "--fields", "DEVICE,CON-UUID", "device"];
  const { code, stdout } = await host.exec(argv, { timeoutMs: queryTimeoutMs });
  if (code !== 0) return {};
  const rows = [...stdout.matchAll(/^(.+):([0-9a-f-]{36})$/gm)];
  return Object.fromEntries(rows.map(([, name = "", uuid = ""]) => [unescapeTerse(name), uuid]));
}

/** Terse output escapes colons and backslashes (nmcli(1), --escape). */
function unescapeTerse(name: string): string {
  return name.replace(/\\(.)/g, "$1");
}
