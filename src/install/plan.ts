import { udhcpcHookPath } from "../model/dhcp.ts";
import { managedMark, parentDirectories, temporaryNames } from "../model/managed-paths.ts";
import type { ConfigFile, Step } from "../model/plan.ts";
import { baseName } from "../model/text.ts";
import { findCompetitors } from "./competitors.ts";
import type {
  Daemon,
  Installation,
  InstalledEntry,
  InstallFacts,
  InstallPlan,
  UnitLink,
} from "./units/model.ts";
import { textFile } from "./units/unit.ts";

/**
 * The list of the directories that `--install` created. `--uninstall` removes only these, if they
 * are empty. The list is not in a directory of ec2nic: if a run were killed after it created that
 * directory and before it wrote the list, a later run would take the directory for an admin's.
 */
export const createdDirectoriesPath = "/etc/ec2nic.folders";

/** Plans the changes that make the installation the wanted one; empty if nothing differs. */
export function planInstall(wanted: Installation, facts: InstallFacts): InstallPlan {
  const installed = new Map(facts.entries.map((entry) => [entry.path, entry]));
  const isAllowed = (path: string): boolean => blockedNote(installed.get(path)) === null;
  const files = wanted.files.filter(({ path }) => isAllowed(path));
  const enabled = wanted.links.filter((link) => isAllowed(linkedUnitPath(link)));
  const write = files.filter((file) => isDifferent(file, installed.get(file.path)));
  const links = enabled.filter(({ path }) => !installed.has(path));
  const wantedPaths = [...wanted.files, ...wanted.links, { path: createdDirectoriesPath }].map(
    ({ path }) => path,
  );
  const managedPaths = facts.entries.filter(isManagedEntry).map(({ path }) => path);
  const remove = managedPaths.filter((path) => !wantedPaths.includes(path));
  const created = findMissingDirectories([...write, ...links], facts);
  const list = created.length === 0 ? [] : [createdDirectoriesFile(created, installed)];
  const units = persistentUnits(enabled.map(({ path }) => path));
  const inactiveUnits = units.filter((unit) => !facts.activeUnits.includes(unit));
  const isChanged = [write, links, remove].some(({ length }) => length > 0);
  // an earlier run may have been killed after it wrote the files and before it started the units
  const mustStart = facts.runningDaemons.includes("systemd") && inactiveUnits.length > 0;
  return {
    write: [...list, ...write],
    links,
    remove,
    stepsBefore: stopSteps(facts, remove),
    removeDirectories: [],
    removeLast: [],
    steps:
      isChanged || mustStart ? [...reloadSteps(facts), ...startSteps(facts, inactiveUnits)] : [],
    notes: [
      ...wanted.files.flatMap(({ path }) => blockedNote(installed.get(path)) ?? []),
      ...installNotes(wanted, remove, facts),
    ],
    competitors: findCompetitors(facts.hotplugFiles),
  };
}

/**
 * Plans the removal of an installation of any version: of all files with our mark, and of the
 * directories that were created for them. Keeps the configuration of NICs, because the machine
 * could become unreachable without it.
 */
export function planUninstall(facts: InstallFacts): InstallPlan {
  const managed = facts.entries.filter(isManagedEntry);
  const others = facts.entries.filter((entry) => !isManagedEntry(entry));
  const list = managed.find(({ path }) => path === createdDirectoriesPath);
  const remove = managed.filter((entry) => entry !== list).map(({ path }) => path);
  return {
    stepsBefore: stopSteps(facts, remove),
    write: [],
    links: [],
    remove,
    // last, so that the next run can go on after an interruption
    removeLast: list === undefined ? [] : [list.path],
    removeDirectories: parseDirectories(list).toSorted((left, right) => right.length - left.length),
    steps: managed.length === 0 ? [] : reloadSteps(facts),
    notes: others.map(({ path }) => `${path} was not written by ec2nic, so it is not changed`),
    competitors: [],
  };
}

/** Whether ec2nic wrote the entry: a file with our mark in its header, or a link to our unit. */
function isManagedEntry({ path, kind, content, target }: InstalledEntry): boolean {
  const name = baseName(path);
  if (temporaryNames.test(name)) return kind === "file" || kind === "link";
  if (kind === "file") return headerLine(content).includes(managedMark);
  const isOfUnit = /\.(?:wants|requires)\/ec2nic-[^/]+$/.test(path);
  return kind === "link" && isOfUnit && target?.endsWith(`/${name}`) === true;
}

/** The first line, or the second line of a script, whose first line contains the shell. */
function headerLine(content: string): string {
  const [first = "", second = ""] = content.split("\n", 2);
  return first.startsWith("#!") ? second : first;
}

/** Why a file is not written, or null. The admin's mask, or unit of this name, has priority. */
function blockedNote(entry: InstalledEntry | undefined): string | null {
  if (entry === undefined || isManagedEntry(entry)) return null;
  const reason = entry.target === "/dev/null" ? "is masked" : "was not written by ec2nic";
  return `${entry.path} ${reason}, so it is not changed`;
}

function isDifferent({ content, mode }: ConfigFile, existing: InstalledEntry | undefined): boolean {
  return existing?.content !== content || existing.mode !== mode;
}

/** The path of the unit that a link enables. */
function linkedUnitPath({ path }: UnitLink): string {
  return path.replace(/\/[^/]+(\/[^/]+)$/, "$1");
}

/** The directories of files, of links and of the list that do not exist yet; parents first. */
function findMissingDirectories(
  changes: readonly { readonly path: string }[],
  { directories }: InstallFacts,
): readonly string[] {
  const missing = (paths: readonly string[]): readonly string[] =>
    [...new Set(paths.flatMap(parentDirectories))].filter((each) => !directories.includes(each));
  const paths = changes.map(({ path }) => path);
  return missing(paths).length === 0 ? [] : missing([...paths, createdDirectoriesPath]).toSorted();
}

/** The list is written before the directories are created, and keeps the lines of earlier runs. */
function createdDirectoriesFile(
  created: readonly string[],
  installed: ReadonlyMap<string, InstalledEntry>,
): ConfigFile {
  const earlier = parseDirectories(installed.get(createdDirectoriesPath));
  const head = `# ${managedMark}: folders that --install made, and --uninstall removes if empty`;
  const directories = [...new Set([...earlier, ...created])].toSorted();
  return textFile(createdDirectoriesPath, [head, ...directories]);
}

function parseDirectories(list: InstalledEntry | undefined): readonly string[] {
  const lines = list?.content.split("\n") ?? [];
  return lines.filter((line) => /^(?:\/[\w.@-]+)+$/.test(line) && !line.includes("/.."));
}

/** The names of the timers and path units among `paths`. Only these units stay active. */
function persistentUnits(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.filter((path) => /\.(?:timer|path)$/.test(path)).map(baseName))];
}

function reloadSteps(facts: InstallFacts): readonly Step[] {
  return [
    ...daemonSteps(facts, "systemd", ["systemctl", "daemon-reload"], "to load the units"),
    ...daemonSteps(facts, "udev", ["udevadm", "control", "--reload"], "to load the rules"),
  ];
}

function startSteps(facts: InstallFacts, units: readonly string[]): readonly Step[] {
  if (units.length === 0) return [];
  const reason = "otherwise these units would first start at the next boot";
  return daemonSteps(facts, "systemd", ["systemctl", "start", ...units], reason);
}

/** These steps run before the files of the units are removed. */
function stopSteps(facts: InstallFacts, removed: readonly string[]): readonly Step[] {
  const units = persistentUnits(removed);
  if (units.length === 0) return [];
  const reason = "otherwise these units would start services that are removed";
  return daemonSteps(facts, "systemd", ["systemctl", "stop", ...units], reason);
}

function daemonSteps(
  { runningDaemons }: InstallFacts,
  daemon: Daemon,
  argv: readonly string[],
  reason: string,
): readonly Step[] {
  return runningDaemons.includes(daemon) ? [{ argv, reason, mac: null, timeoutMs: 30_000 }] : [];
}

/** What the user must know and cannot see in the list of changes. */
function installNotes(
  { files }: Installation,
  removed: readonly string[],
  facts: InstallFacts,
): readonly string[] {
  const paths = files.map(({ path }) => path);
  const removesHooks = removed.some(isDhcpHookPath) && !paths.some(isDhcpHookPath);
  return [
    ...daemonNotes(facts, "systemd"),
    ...daemonNotes(facts, "udev"),
    ...(removesHooks ? ["the hooks of DHCP clients are removed; --from-dhcp keeps them"] : []),
    ...(paths.includes(udhcpcHookPath)
      ? [`udhcpc has no directory for hooks, so run it with -s ${udhcpcHookPath}`]
      : []),
  ];
}

function isDhcpHookPath(path: string): boolean {
  return path.includes("/ec2nic-lease.") || !/^\/etc\/(?:ec2nic|systemd|udev)\//.test(path);
}

function daemonNotes(
  { runningDaemons, installedDaemons, isImage }: InstallFacts,
  daemon: Daemon,
): readonly string[] {
  if (!installedDaemons.includes(daemon)) {
    return [`${daemon} is not installed, so the files for ${daemon} have no effect`];
  }
  if (isImage || runningDaemons.includes(daemon)) return [];
  return [`${daemon} is not running, so the files for ${daemon} take effect at the next boot`];
}
