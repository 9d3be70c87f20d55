import type {
  Daemon,
  Installation,
  InstalledEntry,
  InstallFacts,
  InstallPlan,
  UnitLink,
} from "./units/model.ts";
import type { ConfigFile, Step } from "../model/plan.ts";
import { isTemporaryName, managedMark, parentDirectories } from "../model/managed-paths.ts";
import { baseName } from "../model/text.ts";
import { findCompetitors } from "./competitors.ts";
import { udhcpcHookPath } from "../model/dhcp.ts";

/**
 * Which folders `--install` made: only these may go with `--uninstall`, where they are empty. Not in
 * a folder of ours: that one could not be told from an admin's by a run that comes after one that
 * was killed between the folder and the note.
 */
export const createdDirectoriesPath = "/etc/ec2nic.folders";

/** What makes a machine's installation the wanted one; nothing where it is. */
export function planInstall(wanted: Installation, facts: InstallFacts): InstallPlan {
  const installed = new Map(facts.entries.map((entry) => [entry.path, entry]));
  const blocked = wanted.files.flatMap(({ path }) => findBlocked(installed.get(path)) ?? []);
  const isBlocked = (path: string): boolean => blocked.some((each) => each.path === path);
  const write = wanted.files.filter((file) => !isBlocked(file.path) && differs(file, installed));
  const links = wanted.links.filter(
    (link) => !isBlocked(linkedUnitPath(link)) && !installed.has(link.path),
  );
  const created = missingDirectories([...write, ...links], facts);
  const remove = facts.entries.filter(isManagedEntry).filter(({ path }) => !isWanted(path, wanted));
  const changes = {
    write: [
      ...(created.length === 0 ? [] : [createdDirectoriesFile(created, installed)]),
      ...write,
    ],
    links,
    remove: remove.map(({ path }) => path).filter((path) => path !== createdDirectoriesPath),
  };
  const isChanged = Object.values(changes).some(({ length }) => length > 0);
  const wantedUnits = wanted.links
    .filter((link) => !isBlocked(linkedUnitPath(link)))
    .flatMap(longRunningUnit);
  const inactiveUnits = wantedUnits.filter((unit) => !facts.activeUnits.includes(unit));
  return {
    ...changes,
    stepsBefore: stopSteps(facts, changes.remove),
    removeDirectories: [],
    removeLast: [],
    steps:
      isChanged || needsStart(facts, inactiveUnits)
        ? [...reloadSteps(facts), ...startSteps(facts, inactiveUnits)]
        : [],
    notes: [
      ...blocked.map(({ path, reason }) => `${path} ${reason}: left as it is`),
      ...installNotes(wanted, changes, facts),
    ],
    competitors: findCompetitors(facts.hotplugFiles),
  };
}

/**
 * What takes an installation away, also one of an older version: all that bears our mark, and the
 * folders that were made for it. The NICs' configuration stays, or the machine could be lost.
 */
export function planUninstall(facts: InstallFacts): InstallPlan {
  const managed = facts.entries.filter(isManagedEntry);
  const directoryList = managed.find(({ path }) => path === createdDirectoriesPath);
  const others = facts.entries.filter((entry) => !isManagedEntry(entry));
  const paths = managed.filter((entry) => entry !== directoryList).map(({ path }) => path);
  return {
    stepsBefore: stopSteps(facts, paths),
    write: [],
    links: [],
    remove: paths,
    // a run that is killed is begun again with it
    removeLast: directoryList === undefined ? [] : [directoryList.path],
    removeDirectories: parseDirectories(directoryList).toSorted(
      (left, right) => right.length - left.length,
    ),
    steps: managed.length === 0 ? [] : reloadSteps(facts),
    notes: others.map(({ path }) => `${path} was not written by ec2nic: left as it is`),
    competitors: [],
  };
}

/** A file by its head, a link by what it is for: it has no place for a mark. */
function isManagedEntry({ path, kind, content, target }: InstalledEntry): boolean {
  const name = baseName(path);
  if (isTemporaryName(name)) return kind === "file" || kind === "link";
  if (kind === "file") return headerLine(content).includes(managedMark);
  const isOfUnit = /\.(?:wants|requires)\/ec2nic-[^/]+$/.test(path);
  return kind === "link" && isOfUnit && target?.endsWith(`/${name}`) === true;
}

/** The first line; of a script the second, below the one that names its shell. */
function headerLine(content: string): string {
  const [first = "", second = ""] = content.split("\n", 2);
  return first.startsWith("#!") ? second : first;
}

interface Blocked {
  readonly path: string;
  readonly reason: string;
}

/** The admin's word wins: a mask, or a unit of the same name. */
function findBlocked(entry: InstalledEntry | undefined): Blocked | null {
  if (entry === undefined || isManagedEntry(entry)) return null;
  const { path, target } = entry;
  return { path, reason: target === "/dev/null" ? "is masked" : "was not written by ec2nic" };
}

function differs(file: ConfigFile, installed: ReadonlyMap<string, InstalledEntry>): boolean {
  const existing = installed.get(file.path);
  return existing?.content !== file.content || existing.mode !== file.mode;
}

/** The unit that a link starts. */
function linkedUnitPath({ path }: UnitLink): string {
  return path.replace(/\/[^/]+(\/[^/]+)$/, "$1");
}

function isWanted(path: string, { files, links }: Installation): boolean {
  return [...files, ...links].some((each) => each.path === path);
}

/** The folders that are missing, those that the note itself needs included; outer ones first. */
function missingDirectories(
  targets: readonly { readonly path: string }[],
  { directories }: InstallFacts,
): readonly string[] {
  const missing = (paths: readonly string[]): readonly string[] =>
    [...new Set(paths.flatMap(parentDirectories))].filter(
      (directory) => !directories.includes(directory),
    );
  const paths = targets.map(({ path }) => path);
  return missing(paths).length === 0 ? [] : missing([...paths, createdDirectoriesPath]).toSorted();
}

/** Written before the folders are made, together with those of an earlier installation. */
function createdDirectoriesFile(
  created: readonly string[],
  installed: ReadonlyMap<string, InstalledEntry>,
): ConfigFile {
  const all = [
    ...new Set([...parseDirectories(installed.get(createdDirectoriesPath)), ...created]),
  ].toSorted();
  const head = `# ${managedMark}: folders that --install made, and --uninstall removes if empty`;
  return {
    path: createdDirectoriesPath,
    content: `${[head, ...all].join("\n")}\n`,
    mode: 0o644,
    mac: null,
  };
}

function parseDirectories(directoryList: InstalledEntry | undefined): readonly string[] {
  const lines = directoryList?.content.split("\n") ?? [];
  return lines.filter((line) => /^(?:\/[\w.@-]+)+$/.test(line) && !line.includes("/.."));
}

function reloadSteps(facts: InstallFacts): readonly Step[] {
  return [
    ...systemctlSteps(facts, ["daemon-reload"], "systemd reads the units again"),
    ...(facts.runningDaemons.includes("udev")
      ? [createStep(["udevadm", "control", "--reload"], "udev reads the rules again")]
      : []),
  ];
}

/** A unit that is kept running, and not run at a boot alone, of a link that starts it. */
function longRunningUnit({ path }: UnitLink): readonly string[] {
  return /\.(?:timer|path)$/.test(path) ? [baseName(path)] : [];
}

/** Also where all files are there: an earlier run may have been killed before it told systemd. */
function needsStart({ runningDaemons }: InstallFacts, inactiveUnits: readonly string[]): boolean {
  return runningDaemons.includes("systemd") && inactiveUnits.length > 0;
}

function startSteps(facts: InstallFacts, units: readonly string[]): readonly Step[] {
  if (units.length === 0) return [];
  return systemctlSteps(facts, ["start", ...units], "the next boot would only then");
}

/** While it still has its unit. */
function stopSteps(facts: InstallFacts, removed: readonly string[]): readonly Step[] {
  const units = new Set(removed.filter((path) => /\.(?:timer|path)$/.test(path)).map(baseName));
  if (units.size === 0) return [];
  return systemctlSteps(facts, ["stop", ...units], "it would start what is removed");
}

function systemctlSteps(
  facts: InstallFacts,
  args: readonly string[],
  reason: string,
): readonly Step[] {
  return facts.runningDaemons.includes("systemd")
    ? [createStep(["systemctl", ...args], reason)]
    : [];
}

function createStep(argv: readonly string[], reason: string): Step {
  return { argv, reason, mac: null, timeoutMs: 30_000 };
}

/** What a person has to know of an installation that its files do not tell. */
function installNotes(
  { files }: Installation,
  { remove }: Pick<InstallPlan, "remove">,
  facts: InstallFacts,
): readonly string[] {
  const removesHooks =
    remove.some(isDhcpHookPath) && !files.some(({ path }) => isDhcpHookPath(path));
  return [
    ...daemonNotes(facts, "systemd", "started"),
    ...daemonNotes(facts, "udev", "read"),
    ...(removesHooks ? ["the hooks of DHCP clients go: only with --from-dhcp they stay"] : []),
    ...(files.some(({ path }) => path === udhcpcHookPath)
      ? [`udhcpc has no folder of hooks: it has to be called with -s ${udhcpcHookPath}`]
      : []),
  ];
}

function isDhcpHookPath(path: string): boolean {
  return path.includes("/ec2nic-lease.") || !/^\/etc\/(?:ec2nic|systemd|udev)\//.test(path);
}

function daemonNotes(
  { runningDaemons, installedDaemons, isImage }: InstallFacts,
  daemon: Daemon,
  verb: string,
): readonly string[] {
  if (!installedDaemons.includes(daemon)) {
    return [`there is no ${daemon} here: what is written for it does nothing`];
  }
  if (isImage || runningDaemons.includes(daemon)) return [];
  return [`${daemon} does not run here: what is written for it is ${verb} at the next boot`];
}
