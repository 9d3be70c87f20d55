import type { ExecHost, FileHost } from "../host/host.ts";
import type { TargetHost } from "../host/target.ts";
import { findExisting, listPaths, readText, readTextOrEmpty } from "../inspect/read-file.ts";
import { type DhcpHookFacts, dhcpHookDirectories, dhcpHookPaths } from "../model/dhcp.ts";
import { temporaryNames } from "../model/managed-paths.ts";
import { baseName, directoryOf } from "../model/text.ts";
import { createdDirectoriesPath } from "./plan.ts";
import {
  type Daemon,
  daemons,
  type HotplugFile,
  type InstalledEntry,
  type InstallFacts,
} from "./units/model.ts";
import { unitDirectory } from "./units/unit.ts";

const ruleDirectory = "/etc/udev/rules.d";

/** A file in one directory hides files with the same name in the later directories (udev(7)). */
const ruleDirectories = [
  ruleDirectory,
  "/run/udev/rules.d",
  "/usr/lib/udev/rules.d",
  "/lib/udev/rules.d",
];

/** The names of our files, without drop-in directories (`ec2nic-repair.timer.d`) of the admin. */
const managedNames = /^(?:\d+-)?ec2nic\b.*(?<!\.d)$/;

/** The units that stay active after `--install`. */
const persistentUnits = ["ec2nic-repair.timer", "ec2nic-lease.path"];

/**
 * Reads what is installed on the target, and all other facts that an installation depends on.
 * `directories` are those that the new installation needs.
 */
export async function inspectInstall(
  host: Pick<TargetHost, "exec" | "files" | "target">,
  directories: readonly string[],
): Promise<InstallFacts> {
  const { target } = host;
  const paths = [createdDirectoriesPath, ...(await findManagedPaths(target))].toSorted();
  const entries = await Promise.all(paths.map((path) => readEntry(target, path)));
  const stats = await Promise.all(directories.map((directory) => target.files.stat(directory)));
  const runningDaemons = target.isThisMachine ? await findDaemons(host, runningDaemonPaths) : [];
  return {
    entries: entries.filter((entry) => entry !== null),
    directories: directories.filter((_, at) => (stats[at] ?? null) !== null),
    hotplugFiles: await readHotplugFiles(target),
    runningDaemons,
    installedDaemons: await findDaemons(target, installedDaemonPaths),
    isImage: !target.isThisMachine,
    activeUnits: runningDaemons.includes("systemd") ? await listActiveUnits(host) : [],
  };
}

/** `systemctl is-active` prints one word for each unit, in the given order (systemctl(1)). */
async function listActiveUnits(host: ExecHost): Promise<readonly string[]> {
  const argv = ["systemctl", "is-active", ...persistentUnits];
  const words = (await host.exec(argv, { timeoutMs: 10_000 })).stdout.split("\n");
  return persistentUnits.filter((_, at) => words[at] === "active");
}

/** The files with ec2nic's names in the directories of units, unit links, rules and hooks. */
async function findManagedPaths(target: FileHost): Promise<readonly string[]> {
  const directories = [
    unitDirectory,
    ruleDirectory,
    ...(await listWantsDirectories(target)),
    ...(await listHookDirectories(target)),
  ];
  const found = await Promise.all([
    ...directories.map((directory) => listPaths(target, directory, managedNames)),
    ...[...directories, directoryOf(createdDirectoriesPath)].map((directory) =>
      listPaths(target, directory, temporaryNames),
    ),
  ]);
  return found.flat();
}

/** Leaves out /lib if it is a link to /usr/lib, because each file would be found twice. */
async function listHookDirectories(target: FileHost): Promise<readonly string[]> {
  const isMerged = (await target.files.readLink("/lib")) !== null;
  return dhcpHookDirectories.filter((directory) => !isMerged || !directory.startsWith("/lib/"));
}

async function readEntry(target: FileHost, path: string): Promise<InstalledEntry | null> {
  const stat = await target.files.stat(path);
  if (stat === null) return null;
  const { kind, mode } = stat;
  const content = kind === "file" ? ((await readText(target, path)) ?? "") : "";
  const linkTarget = kind === "link" ? await target.files.readLink(path) : null;
  return { path, kind, content, mode, target: linkTarget };
}

/** Reads the files of other programs for `findCompetitors`. */
async function readHotplugFiles(target: FileHost): Promise<readonly HotplugFile[]> {
  const list = (directories: readonly string[], pattern: RegExp) =>
    Promise.all(directories.map((directory) => listPaths(target, directory, pattern)));
  const rules = (await list(ruleDirectories, /hotplug|policy-routes/)).flat();
  const visibleRules = rules.filter(
    (path, at) => !rules.slice(0, at).some((earlier) => baseName(earlier) === baseName(path)),
  );
  const settings = await list(["/etc/cloud/cloud.cfg.d"], /\.cfg$/);
  const enabled = await list(await listWantsDirectories(target), /^nm-cloud-setup\./);
  const paths = [...visibleRules, "/etc/cloud/cloud.cfg", ...settings.flat(), ...enabled.flat()];
  return Promise.all(paths.map((path) => readHotplugFile(target, path)));
}

/** The directories with the links that make systemd start units. */
function listWantsDirectories(target: FileHost): Promise<readonly string[]> {
  return listPaths(target, unitDirectory, /\.(?:wants|requires)$/);
}

/** A file that cannot be read counts as empty, because an installation does not depend on it. */
async function readHotplugFile(target: FileHost, path: string): Promise<HotplugFile> {
  const isMask = (await target.files.readLink(path).catch(() => null)) === "/dev/null";
  const content = isMask ? "" : await readTextOrEmpty(target, path);
  return { path, content, isMask };
}

/** These exist if the daemon runs: sd_booted(3) checks this directory; udevadm uses this socket. */
const runningDaemonPaths = {
  systemd: ["/run/systemd/system"],
  udev: ["/run/udev/control"],
} as const;

const installedDaemonPaths = {
  systemd: ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"],
  udev: ["/usr/lib/udev/rules.d", "/lib/udev/rules.d"],
} as const;

async function findDaemons(
  { files }: FileHost,
  evidencePaths: Readonly<Record<Daemon, readonly string[]>>,
): Promise<readonly Daemon[]> {
  const exists = async (path: string): Promise<boolean> =>
    (await files.stat(path).catch(() => null)) !== null;
  const hasEvidence = await Promise.all(
    daemons.map(async (daemon) =>
      (await Promise.all(evidencePaths[daemon].map(exists))).some(Boolean),
    ),
  );
  return daemons.filter((_, at) => hasEvidence[at]);
}

/** The paths of networkd's unit: with a merged /usr, and without. */
const networkdUnitPaths = ["/usr/lib", "/lib"].map(
  (prefix) => `${prefix}/systemd/system/systemd-networkd.service`,
);

/** Finds the DHCP clients that are installed on the target, by the paths of their packages. */
export async function findDhcpHooks(target: FileHost): Promise<DhcpHookFacts> {
  const { dhclient, dhcpcd, udhcpc, networkManager } = dhcpHookPaths;
  return {
    dhclient: await findExisting(target, dhclient),
    dhcpcd: await findExisting(target, dhcpcd),
    udhcpc: await findExisting(target, udhcpc),
    networkManager: await findExisting(target, networkManager),
    hasNetworkd: (await findExisting(target, networkdUnitPaths)) !== null,
  };
}
