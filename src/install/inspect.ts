import type { Host } from "../host/host.ts";
import { type DhcpHookFacts, dhcpHookFolders, dhcpHookPaths } from "../model/dhcp.ts";
import type { Daemon, HotplugFile, InstalledThing, InstallFacts } from "./units/model.ts";
import { isTemporary } from "../model/managed-paths.ts";
import { isThisMachine, underRoot } from "../host/target-root.ts";

const unitFolder = "/etc/systemd/system";

const ruleFolder = "/etc/udev/rules.d";

/** The first that has a name hides it in the others (udev(7)). */
const ruleFolders = [ruleFolder, "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"];

/** What systemd keeps running when it is installed. */
const keptUnits = ["ec2nic-repair.timer", "ec2nic-lease.path"];

/** What of `folders` and of an installation lies below `root`. Reads only. */
export async function inspectInstall(
  host: Pick<Host, "exec" | "files">,
  root: string,
  { folders, note }: { readonly folders: readonly string[]; readonly note: string },
): Promise<InstallFacts> {
  const paths = [note, ...(await ownPaths(host, root, note))].toSorted();
  const things = await Promise.all(paths.map((path) => readThing(host, root, path)));
  const stats = await Promise.all(
    folders.map((folder) => host.files.stat(underRoot(root, folder))),
  );
  const daemons = isThisMachine(root) ? await daemonsBy(host, runs, "") : [];
  return {
    things: things.filter((thing) => thing !== null),
    folders: folders.filter((_, at) => (stats[at] ?? null) !== null),
    others: await hotplugFiles(host, root),
    daemons,
    present: await daemonsBy(host, isInstalled, root),
    isImage: !isThisMachine(root),
    active: daemons.includes("systemd") ? await activeUnits(host) : [],
  };
}

/** systemctl(1), is-active: a word for each unit, in their order. */
async function activeUnits(host: Pick<Host, "exec">): Promise<readonly string[]> {
  const { stdout } = await host.exec(["systemctl", "is-active", ...keptUnits], {
    timeoutMs: 10_000,
  });
  const words = stdout.split("\n");
  return keptUnits.filter((_, at) => words[at] === "active");
}

/** Whatever is named after us where units, their links, rules and hooks lie. */
async function ownPaths(
  host: Pick<Host, "files">,
  root: string,
  note: string,
): Promise<readonly string[]> {
  const wanting = await wantsFolders(host, root);
  const places = [unitFolder, ruleFolder, ...wanting, ...(await hookFolders(host, root))];
  const noteFolder = note.slice(0, note.lastIndexOf("/"));
  const found = await Promise.all(
    [...places, noteFolder].map(async (folder) => {
      const names = await host.files.list(underRoot(root, folder));
      const isOwn = folder === noteFolder ? isTemporary : isNamedAfterUs;
      return names.filter(isOwn).map((name) => `${folder}/${name}`);
    }),
  );
  return found.flat();
}

/** What an admin adds to our units (`ec2nic-repair.timer.d`) is the admin's. */
function isNamedAfterUs(name: string): boolean {
  return isTemporary(name) || /^(?:\d+-)?ec2nic\b.*(?<!\.d)$/.test(name);
}

/** Where /lib is a link to /usr/lib, what lies there would be found twice. */
async function hookFolders(host: Pick<Host, "files">, root: string): Promise<readonly string[]> {
  const isMerged = (await host.files.readLink(underRoot(root, "/lib"))) !== null;
  return dhcpHookFolders.filter((folder) => !isMerged || !folder.startsWith("/lib/"));
}

async function readThing(
  host: Pick<Host, "files">,
  root: string,
  path: string,
): Promise<InstalledThing | null> {
  const place = underRoot(root, path);
  const stat = await host.files.stat(place);
  if (stat === null) return null;
  const { kind, mode } = stat;
  const content = kind === "file" ? await readText(host, place) : "";
  const target = kind === "link" ? await host.files.readLink(place) : null;
  return { path, kind, content, mode, target };
}

async function hotplugFiles(
  host: Pick<Host, "files">,
  root: string,
): Promise<readonly HotplugFile[]> {
  const listed = await Promise.all(
    ruleFolders.map((folder) => namesIn(host, underRoot(root, folder), /hotplug|policy-routes/)),
  );
  const rules = listed.flatMap((names, at) =>
    names
      .filter((name) => !listed.slice(0, at).some((earlier) => earlier.includes(name)))
      .map((name) => `${ruleFolders[at] ?? ""}/${name}`),
  );
  const configs = await namesIn(host, underRoot(root, "/etc/cloud/cloud.cfg.d"), /\.cfg$/);
  const settings = [
    "/etc/cloud/cloud.cfg",
    ...configs.map((name) => `/etc/cloud/cloud.cfg.d/${name}`),
  ];
  const enabled = await enabledOthers(host, root);
  return Promise.all(
    [...rules, ...settings, ...enabled].map((path) => readOther(host, root, path)),
  );
}

/** Links by which systemd starts another's units: what has no rule of udev's and no setting. */
async function enabledOthers(host: Pick<Host, "files">, root: string): Promise<readonly string[]> {
  const folders = await wantsFolders(host, root);
  const names = folders.map((folder) =>
    namesIn(host, underRoot(root, folder), /^nm-cloud-setup\./),
  );
  const listed = await Promise.all(names);
  return listed.flatMap((some, at) => some.map((name) => `${folders[at] ?? ""}/${name}`));
}

async function wantsFolders(host: Pick<Host, "files">, root: string): Promise<readonly string[]> {
  const names = await namesIn(host, underRoot(root, unitFolder), /\.(?:wants|requires)$/);
  return names.map((name) => `${unitFolder}/${name}`);
}

async function namesIn(
  host: Pick<Host, "files">,
  folder: string,
  pattern: RegExp,
): Promise<readonly string[]> {
  return (await host.files.list(folder)).filter((name) => pattern.test(name));
}

/** What may not be read tells nothing, and is no reason to fail. */
async function readOther(
  host: Pick<Host, "files">,
  root: string,
  path: string,
): Promise<HotplugFile> {
  const place = underRoot(root, path);
  const isMask = (await host.files.readLink(place).catch(() => null)) === "/dev/null";
  const content = isMask ? "" : await readText(host, place).catch(() => "");
  return { path, content, isMask };
}

/** sd_booted(3); the socket by which udevadm control speaks to the daemon. */
const runs = { systemd: ["/run/systemd/system"], udev: ["/run/udev/control"] } as const;

const isInstalled = {
  systemd: ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"],
  udev: ["/usr/lib/udev/rules.d", "/lib/udev/rules.d"],
} as const;

async function daemonsBy(
  host: Pick<Host, "files">,
  signs: Readonly<Record<Daemon, readonly string[]>>,
  root: string,
): Promise<readonly Daemon[]> {
  const isThere = async (path: string): Promise<boolean> =>
    (await host.files.stat(underRoot(root, path)).catch(() => null)) !== null;
  const shown = async (daemon: Daemon): Promise<readonly Daemon[]> =>
    (await Promise.all(signs[daemon].map(isThere))).includes(true) ? [daemon] : [];
  return [...(await shown("systemd")), ...(await shown("udev"))];
}

async function readText(host: Pick<Host, "files">, path: string): Promise<string> {
  return new TextDecoder().decode((await host.files.read(path)) ?? new Uint8Array());
}

/** systemd's own folder of units, before and after the merge of /usr. */
const networkdUnits = ["/usr/lib", "/lib"].map(
  (at) => `${at}/systemd/system/systemd-networkd.service`,
);

/** Which DHCP clients are installed below `root`, by the places that their packages bring. */
export async function findDhcpHooks(
  host: Pick<Host, "files">,
  root: string,
): Promise<DhcpHookFacts> {
  const first = async (paths: readonly string[]): Promise<string | null> => {
    const found = await Promise.all(paths.map((path) => host.files.stat(`${root}${path}`)));
    return paths.find((_, at) => found[at] !== null) ?? null;
  };
  const [dhclient, dhcpcd, udhcpc, networkManager, networkd] = await Promise.all([
    first(dhcpHookPaths.dhclient),
    first(dhcpHookPaths.dhcpcd),
    first(dhcpHookPaths.udhcpc),
    first(dhcpHookPaths.networkManager),
    first(networkdUnits),
  ]);
  return { dhclient, dhcpcd, udhcpc, networkManager, hasNetworkd: networkd !== null };
}
