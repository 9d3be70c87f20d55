import type { Host } from "../host/host.ts";
import { type DhcpHookFacts, dhcpHookDirectories, dhcpHookPaths } from "../model/dhcp.ts";
import type { Daemon, HotplugFile, InstalledEntry, InstallFacts } from "./units/model.ts";
import { isTemporaryName } from "../model/managed-paths.ts";
import type { TargetHost } from "../host/target.ts";
import { readText, readTextOrEmpty } from "../inspect/read-file.ts";

type FileHost = Pick<Host, "files">;

const unitDirectory = "/etc/systemd/system";

const ruleDirectory = "/etc/udev/rules.d";

/** The first that has a name hides it in the others (udev(7)). */
const ruleDirectories = [
  ruleDirectory,
  "/run/udev/rules.d",
  "/usr/lib/udev/rules.d",
  "/lib/udev/rules.d",
];

/** What systemd keeps running when it is installed. */
const persistentUnits = ["ec2nic-repair.timer", "ec2nic-lease.path"];

/** What of `folders` and of an installation lies on the target. Reads only. */
export async function inspectInstall(
  host: Pick<TargetHost, "exec" | "files" | "target">,
  {
    directories,
    madeListPath,
  }: { readonly directories: readonly string[]; readonly madeListPath: string },
): Promise<InstallFacts> {
  const { target } = host;
  const paths = [madeListPath, ...(await findManagedPaths(target, madeListPath))].toSorted();
  const things = await Promise.all(paths.map((path) => readThing(target, path)));
  const stats = await Promise.all(directories.map((directory) => target.files.stat(directory)));
  const runningDaemons = target.isThisMachine ? await findDaemons(host, runningDaemonPaths) : [];
  return {
    entries: things.filter((thing) => thing !== null),
    directories: directories.filter((_, at) => (stats[at] ?? null) !== null),
    hotplugFiles: await readHotplugFiles(target),
    runningDaemons,
    installedDaemons: await findDaemons(target, installedDaemonPaths),
    isImage: !target.isThisMachine,
    activeUnits: runningDaemons.includes("systemd") ? await listActiveUnits(host) : [],
  };
}

/** systemctl(1), is-active: a word for each unit, in their order. */
async function listActiveUnits(host: Pick<Host, "exec">): Promise<readonly string[]> {
  const { stdout } = await host.exec(["systemctl", "is-active", ...persistentUnits], {
    timeoutMs: 10_000,
  });
  const words = stdout.split("\n");
  return persistentUnits.filter((_, at) => words[at] === "active");
}

/** Whatever is named after us where units, their links, rules and hooks lie. */
async function findManagedPaths(
  target: FileHost,
  madeListPath: string,
): Promise<readonly string[]> {
  const wantsDirectories = await listWantsDirectories(target);
  const searchDirectories = [
    unitDirectory,
    ruleDirectory,
    ...wantsDirectories,
    ...(await listHookDirectories(target)),
  ];
  const madeListDirectory = madeListPath.slice(0, madeListPath.lastIndexOf("/"));
  const found = await Promise.all(
    [...searchDirectories, madeListDirectory].map(async (directory) => {
      const names = await target.files.list(directory);
      const isManagedName = directory === madeListDirectory ? isTemporaryName : hasManagedName;
      return names.filter(isManagedName).map((name) => `${directory}/${name}`);
    }),
  );
  return found.flat();
}

/** What an admin adds to our units (`ec2nic-repair.timer.d`) is the admin's. */
function hasManagedName(name: string): boolean {
  return isTemporaryName(name) || /^(?:\d+-)?ec2nic\b.*(?<!\.d)$/.test(name);
}

/** Where /lib is a link to /usr/lib, what lies there would be found twice. */
async function listHookDirectories(target: FileHost): Promise<readonly string[]> {
  const isMerged = (await target.files.readLink("/lib")) !== null;
  return dhcpHookDirectories.filter((directory) => !isMerged || !directory.startsWith("/lib/"));
}

async function readThing(target: FileHost, path: string): Promise<InstalledEntry | null> {
  const stat = await target.files.stat(path);
  if (stat === null) return null;
  const { kind, mode } = stat;
  const content = kind === "file" ? ((await readText(target, path)) ?? "") : "";
  const linkTarget = kind === "link" ? await target.files.readLink(path) : null;
  return { path, kind, content, mode, target: linkTarget };
}

async function readHotplugFiles(target: FileHost): Promise<readonly HotplugFile[]> {
  const listed = await Promise.all(
    ruleDirectories.map((directory) =>
      listMatchingNames(target, directory, /hotplug|policy-routes/),
    ),
  );
  const rules = listed.flatMap((names, at) =>
    names
      .filter((name) => !listed.slice(0, at).some((earlier) => earlier.includes(name)))
      .map((name) => `${ruleDirectories[at] ?? ""}/${name}`),
  );
  const configs = await listMatchingNames(target, "/etc/cloud/cloud.cfg.d", /\.cfg$/);
  const settings = [
    "/etc/cloud/cloud.cfg",
    ...configs.map((name) => `/etc/cloud/cloud.cfg.d/${name}`),
  ];
  const enabled = await findOtherEnabledUnits(target);
  return Promise.all(
    [...rules, ...settings, ...enabled].map((path) => readHotplugFile(target, path)),
  );
}

/** Links by which systemd starts another's units: what has no rule of udev's and no setting. */
async function findOtherEnabledUnits(target: FileHost): Promise<readonly string[]> {
  const directories = await listWantsDirectories(target);
  const names = directories.map((directory) =>
    listMatchingNames(target, directory, /^nm-cloud-setup\./),
  );
  const listed = await Promise.all(names);
  return listed.flatMap((some, at) => some.map((name) => `${directories[at] ?? ""}/${name}`));
}

async function listWantsDirectories(target: FileHost): Promise<readonly string[]> {
  const names = await listMatchingNames(target, unitDirectory, /\.(?:wants|requires)$/);
  return names.map((name) => `${unitDirectory}/${name}`);
}

async function listMatchingNames(
  target: FileHost,
  directory: string,
  pattern: RegExp,
): Promise<readonly string[]> {
  return (await target.files.list(directory)).filter((name) => pattern.test(name));
}

/** What may not be read tells nothing, and is no reason to fail. */
async function readHotplugFile(target: FileHost, path: string): Promise<HotplugFile> {
  const isMask = (await target.files.readLink(path).catch(() => null)) === "/dev/null";
  const content = isMask ? "" : await readTextOrEmpty(target, path);
  return { path, content, isMask };
}

/** sd_booted(3); the socket by which udevadm control speaks to the daemon. */
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
  const detectDaemon = async (daemon: Daemon): Promise<readonly Daemon[]> =>
    (await Promise.all(evidencePaths[daemon].map(exists))).includes(true) ? [daemon] : [];
  return [...(await detectDaemon("systemd")), ...(await detectDaemon("udev"))];
}

/** systemd's own folder of units, before and after the merge of /usr. */
const networkdUnitPaths = ["/usr/lib", "/lib"].map(
  (prefix) => `${prefix}/systemd/system/systemd-networkd.service`,
);

/** Which DHCP clients are installed on the target, by the places that their packages bring. */
export async function findDhcpHooks(target: FileHost): Promise<DhcpHookFacts> {
  const findFirst = async (paths: readonly string[]): Promise<string | null> => {
    const found = await Promise.all(paths.map((path) => target.files.stat(path)));
    return paths.find((_, prefix) => found[prefix] !== null) ?? null;
  };
  const [dhclient, dhcpcd, udhcpc, networkManager, networkd] = await Promise.all([
    findFirst(dhcpHookPaths.dhclient),
    findFirst(dhcpHookPaths.dhcpcd),
    findFirst(dhcpHookPaths.udhcpc),
    findFirst(dhcpHookPaths.networkManager),
    findFirst(networkdUnitPaths),
  ]);
  return { dhclient, dhcpcd, udhcpc, networkManager, hasNetworkd: networkd !== null };
}
