import type {
  InstalledThing,
  InstallFacts,
  InstallPlan,
  Installation,
  UnitLink,
} from "../net/installation.ts";
import type { ConfigFile, Step } from "../net/network-plan.ts";
import { ownMark } from "../net/own-files.ts";
import { competingHotplug } from "./competing-hotplug.ts";

/** Which folders `--install` made: only these may go with `--uninstall`, where they are empty. */
export const madeFoldersPath = "/etc/ec2nic/folders";

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
  return {
    ...changes,
    before: [],
    removeFolders: [],
    steps: isChanged ? [...reloads(facts), ...startTimer(facts)] : [],
    notes: blocked.map(({ path, why }) => `${path} ${why}: left as it is`),
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
  const isTimer = own.some(({ path }) => path.endsWith(`/${timer}`));
  return {
    before: isTimer ? systemd(facts, ["stop", timer], "it would start what is removed") : [],
    write: [],
    links: [],
    // the note goes last: a run that is killed is begun again with it
    remove: [...own.filter((thing) => thing !== note), ...(note === undefined ? [] : [note])].map(
      ({ path }) => path,
    ),
    removeFolders: foldersIn(note).toSorted((left, right) => right.length - left.length),
    steps: own.length === 0 ? [] : reloads(facts),
    notes: others.map(({ path }) => `${path} was not written by ec2nic: left as it is`),
    competitors: [],
  };
}

const timer = "ec2nic-repair.timer";

/** A file by its first line, a link by what it is for: it has no place for a mark. */
function isOwn({ path, kind, content, target }: InstalledThing): boolean {
  if (kind === "file") return content.slice(0, content.indexOf("\n")).includes(ownMark);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isOfUnit = /\.(?:wants|requires)\/ec2nic-[^/]+$/.test(path);
  return kind === "link" && isOfUnit && target?.endsWith(`/${name}`) === true;
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

function startTimer(facts: InstallFacts): readonly Step[] {
  return systemd(facts, ["start", timer], "the next boot would only then");
}

function systemd(facts: InstallFacts, words: readonly string[], reason: string): readonly Step[] {
  return facts.daemons.includes("systemd") ? [step(["systemctl", ...words], reason)] : [];
}

function step(argv: readonly string[], reason: string): Step {
  return { argv, reason, mac: null, timeoutMs: 30_000 };
}
