import type {
  Daemon,
  Installation,
  InstalledThing,
  InstallFacts,
  InstallPlan,
  UnitLink,
} from "./units/model.ts";
import type { ConfigFile, Step } from "../model/plan.ts";
import { isTemporary, ownMark } from "../model/managed-paths.ts";
import { competingHotplug } from "./competitors.ts";
import { udhcpcHookPath } from "../model/dhcp.ts";

/**
 * Which folders `--install` made: only these may go with `--uninstall`, where they are empty. Not in
 * a folder of ours: that one could not be told from an admin's by a run that comes after one that
 * was killed between the folder and the note.
 */
export const madeFoldersPath = "/etc/ec2nic.folders";

/** What makes a machine's installation the wanted one; nothing where it is. */
export function planInstall(wanted: Installation, facts: InstallFacts): InstallPlan {
  const before = new Map(facts.things.map((thing) => [thing.path, thing]));
  const blocked = wanted.files.flatMap(({ path }) => whyBlocked(before.get(path)) ?? []);
  const isBlocked = (path: string): boolean => blocked.some((each) => each.path === path);
  const write = wanted.files.filter((file) => !isBlocked(file.path) && differs(file, before));
  const links = wanted.links.filter((link) => !isBlocked(unitOf(link)) && !before.has(link.path));
  const made = foldersToMake([...write, ...links], facts);
  const remove = facts.things.filter(isOwn).filter(({ path }) => !isWanted(path, wanted));
  const changes = {
    write: [...(made.length === 0 ? [] : [madeFolders(made, before)]), ...write],
    links,
    remove: remove.map(({ path }) => path).filter((path) => path !== madeFoldersPath),
  };
  const isChanged = Object.values(changes).some(({ length }) => length > 0);
  const idle = wanted.links.filter((link) => !isBlocked(unitOf(link))).flatMap(keptUnit);
  const started = idle.filter((unit) => !facts.active.includes(unit));
  return {
    ...changes,
    before: stop(facts, changes.remove),
    removeFolders: [],
    removeLast: [],
    steps: isChanged || isIdle(facts, started) ? [...reloads(facts), ...start(facts, started)] : [],
    notes: [
      ...blocked.map(({ path, why }) => `${path} ${why}: left as it is`),
      ...installNotes(wanted, changes, facts),
    ],
    competitors: competingHotplug(facts.others),
  };
}

/**
 * What takes an installation away, also one of an older version: all that bears our mark, and the
 * folders that were made for it. The NICs' configuration stays, or the machine could be lost.
 */
export function planUninstall(facts: InstallFacts): InstallPlan {
  const own = facts.things.filter(isOwn);
  const note = own.find(({ path }) => path === madeFoldersPath);
  const others = facts.things.filter((thing) => !isOwn(thing));
  const paths = own.filter((thing) => thing !== note).map(({ path }) => path);
  return {
    before: stop(facts, paths),
    write: [],
    links: [],
    remove: paths,
    // a run that is killed is begun again with it
    removeLast: note === undefined ? [] : [note.path],
    removeFolders: foldersIn(note).toSorted((left, right) => right.length - left.length),
    steps: own.length === 0 ? [] : reloads(facts),
    notes: others.map(({ path }) => `${path} was not written by ec2nic: left as it is`),
    competitors: [],
  };
}

/** A file by its head, a link by what it is for: it has no place for a mark. */
function isOwn({ path, kind, content, target }: InstalledThing): boolean {
  const name = nameOf(path);
  if (isTemporary(name)) return kind === "file" || kind === "link";
  if (kind === "file") return headOf(content).includes(ownMark);
  const isOfUnit = /\.(?:wants|requires)\/ec2nic-[^/]+$/.test(path);
  return kind === "link" && isOfUnit && target?.endsWith(`/${name}`) === true;
}

/** The first line; of a script the second, below the one that names its shell. */
function headOf(content: string): string {
  const [first = "", second = ""] = content.split("\n", 2);
  return first.startsWith("#!") ? second : first;
}

interface Blocked {
  readonly path: string;
  readonly why: string;
}

/** The admin's word wins: a mask, or a unit of the same name. */
function whyBlocked(thing: InstalledThing | undefined): Blocked | null {
  if (thing === undefined || isOwn(thing)) return null;
  const { path, target } = thing;
  return { path, why: target === "/dev/null" ? "is masked" : "was not written by ec2nic" };
}

function differs(file: ConfigFile, before: ReadonlyMap<string, InstalledThing>): boolean {
  const there = before.get(file.path);
  return there?.content !== file.content || there.mode !== file.mode;
}

/** The unit that a link starts. */
function unitOf({ path }: UnitLink): string {
  return path.replace(/\/[^/]+(\/[^/]+)$/, "$1");
}

function isWanted(path: string, { files, links }: Installation): boolean {
  return [...files, ...links].some((each) => each.path === path);
}

/** The folders that are missing, those that the note itself needs included; outer ones first. */
function foldersToMake(
  places: readonly { readonly path: string }[],
  { folders }: InstallFacts,
): readonly string[] {
  const missing = (paths: readonly string[]): readonly string[] =>
    [...new Set(paths.flatMap(foldersAbove))].filter((folder) => !folders.includes(folder));
  const paths = places.map(({ path }) => path);
  return missing(paths).length === 0 ? [] : missing([...paths, madeFoldersPath]).toSorted();
}

/** Every folder above a path, but for the root. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`);
}

/** Written before the folders are made, together with those of an earlier installation. */
function madeFolders(
  made: readonly string[],
  before: ReadonlyMap<string, InstalledThing>,
): ConfigFile {
  const all = [...new Set([...foldersIn(before.get(madeFoldersPath)), ...made])].toSorted();
  const head = `# ${ownMark}: folders that --install made, and --uninstall removes if empty`;
  return {
    path: madeFoldersPath,
    content: `${[head, ...all].join("\n")}\n`,
    mode: 0o644,
    mac: null,
  };
}

function foldersIn(note: InstalledThing | undefined): readonly string[] {
  const lines = note?.content.split("\n") ?? [];
  return lines.filter((line) => /^(?:\/[\w.@-]+)+$/.test(line) && !line.includes("/.."));
}

function reloads(facts: InstallFacts): readonly Step[] {
  return [
    ...systemd(facts, ["daemon-reload"], "systemd reads the units again"),
    ...(facts.daemons.includes("udev")
      ? [step(["udevadm", "control", "--reload"], "udev reads the rules again")]
      : []),
  ];
}

/** A unit that is kept running, and not run at a boot alone, of a link that starts it. */
function keptUnit({ path }: UnitLink): readonly string[] {
  return /\.(?:timer|path)$/.test(path) ? [nameOf(path)] : [];
}

/** Also where all files are there: an earlier run may have been killed before it told systemd. */
function isIdle({ daemons }: InstallFacts, started: readonly string[]): boolean {
  return daemons.includes("systemd") && started.length > 0;
}

function start(facts: InstallFacts, units: readonly string[]): readonly Step[] {
  if (units.length === 0) return [];
  return systemd(facts, ["start", ...units], "the next boot would only then");
}

/** While it still has its unit. */
function stop(facts: InstallFacts, removed: readonly string[]): readonly Step[] {
  const units = new Set(removed.filter((path) => /\.(?:timer|path)$/.test(path)).map(nameOf));
  if (units.size === 0) return [];
  return systemd(facts, ["stop", ...units], "it would start what is removed");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function systemd(facts: InstallFacts, words: readonly string[], reason: string): readonly Step[] {
  return facts.daemons.includes("systemd") ? [step(["systemctl", ...words], reason)] : [];
}

function step(argv: readonly string[], reason: string): Step {
  return { argv, reason, mac: null, timeoutMs: 30_000 };
}

/** What a person has to know of an installation that its files do not tell. */
function installNotes(
  { files }: Installation,
  { remove }: Pick<InstallPlan, "remove">,
  facts: InstallFacts,
): readonly string[] {
  const isDropped = remove.some(isOfClient) && !files.some(({ path }) => isOfClient(path));
  return [
    ...whatRuns(facts, "systemd", "started"),
    ...whatRuns(facts, "udev", "read"),
    ...(isDropped ? ["the hooks of DHCP clients go: only with --from-dhcp they stay"] : []),
    ...(files.some(({ path }) => path === udhcpcHookPath)
      ? [`udhcpc has no folder of hooks: it has to be called with -s ${udhcpcHookPath}`]
      : []),
  ];
}

function isOfClient(path: string): boolean {
  return path.includes("/ec2nic-lease.") || !/^\/etc\/(?:ec2nic|systemd|udev)\//.test(path);
}

function whatRuns(
  { daemons, present, isImage }: InstallFacts,
  daemon: Daemon,
  done: string,
): readonly string[] {
  if (!present.includes(daemon)) {
    return [`there is no ${daemon} here: what is written for it does nothing`];
  }
  if (isImage || daemons.includes(daemon)) return [];
  return [`${daemon} does not run here: what is written for it is ${done} at the next boot`];
}
