import type { Host } from "../host/host.ts";
import type { HotplugFile, InstalledThing, InstallFacts } from "../net/installation.ts";
import { isThisMachine, underRoot } from "./under-root.ts";

const unitFolder = "/etc/systemd/system";
const ruleFolder = "/etc/udev/rules.d";

/** The first that has a name hides it in the others (udev(7)). */
const ruleFolders = [ruleFolder, "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"];

/** What of `folders` and of an installation lies below `root`. Reads only. */
export async function inspectInstall(
  host: Pick<Host, "files">,
  root: string,
  { folders, note }: { readonly folders: readonly string[]; readonly note: string },
): Promise<InstallFacts> {
  const paths = [note, ...(await ownPaths(host, root))].toSorted();
  const things = await Promise.all(paths.map((path) => readThing(host, root, path)));
  const stats = await Promise.all(
    folders.map((folder) => host.files.stat(underRoot(root, folder))),
  );
  return {
    things: things.filter((thing) => thing !== null),
    folders: folders.filter((_, at) => (stats[at] ?? null) !== null),
    others: await hotplugFiles(host, root),
    daemons: isThisMachine(root) ? await runningDaemons(host) : [],
  };
}

/** Whatever is named after us where units, their links and rules lie. */
async function ownPaths(host: Pick<Host, "files">, root: string): Promise<readonly string[]> {
  const units = await host.files.list(underRoot(root, unitFolder));
  const linking = units.filter((name) => /\.(?:wants|requires)$/.test(name));
  const places = [unitFolder, ruleFolder, ...linking.map((name) => `${unitFolder}/${name}`)];
  const found = await Promise.all(
    places.map(async (folder) => {
      const names = await host.files.list(underRoot(root, folder));
      // what an admin adds to our units (`ec2nic-repair.timer.d`) is the admin's
      const own = names.filter((name) => /^(?:\d+-)?ec2nic\b.*(?<!\.d)$/.test(name));
      return own.map((name) => `${folder}/${name}`);
    }),
  );
  return found.flat();
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
  return Promise.all([...rules, ...settings].map((path) => readOther(host, root, path)));
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

async function runningDaemons(host: Pick<Host, "files">): Promise<InstallFacts["daemons"]> {
  const isThere = async (path: string): Promise<boolean> =>
    (await host.files.stat(path).catch(() => null)) !== null;
  // sd_booted(3); the socket by which udevadm control speaks to the daemon
  const [systemd, udev] = await Promise.all([
    isThere("/run/systemd/system"),
    isThere("/run/udev/control"),
  ]);
  return [...(systemd ? (["systemd"] as const) : []), ...(udev ? (["udev"] as const) : [])];
}

async function readText(host: Pick<Host, "files">, path: string): Promise<string> {
  return new TextDecoder().decode((await host.files.read(path)) ?? new Uint8Array());
}
