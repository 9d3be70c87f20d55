import type { Host } from "../../host/host.ts";
import type { DnsFacts } from "../../model/backend-facts.ts";
import { networkManagerDnsPath } from "../../model/managed-paths.ts";
import { underRoot } from "../../host/target-root.ts";

type FileHost = Pick<Host, "files">;

const resolvConfPath = "/etc/resolv.conf";
/** NetworkManager.conf(5): of these the later counts; within one, by name. */
const mainConfPath = "/etc/NetworkManager/NetworkManager.conf";
const confDirectories = ["/usr/lib/NetworkManager/conf.d", "/run/NetworkManager/conf.d"];
const adminConfDirectory = "/etc/NetworkManager/conf.d";

/** Who writes /etc/resolv.conf below `root`. Reads only. */
export async function inspectDns(
  host: FileHost,
  root: string,
  hasNetworkManager: boolean,
): Promise<DnsFacts> {
  const rootedPath = underRoot(root, resolvConfPath);
  const stat = await host.files.stat(rootedPath);
  const target = stat?.kind === "link" ? await host.files.readLink(rootedPath) : null;
  const text = await readRootedText(host, root, resolvConfPath);
  const confPaths = await Promise.all(
    [...confDirectories, adminConfDirectory].map((each) => listConfFiles(host, root, each)),
  );
  const [vendorPaths = [], runtimePaths = [], adminPaths = []] = confPaths;
  const paths = [...vendorPaths, ...runtimePaths, mainConfPath, ...adminPaths].filter(
    (path) => path !== networkManagerDnsPath,
  );
  const texts = await Promise.all(paths.map((path) => readRootedText(host, root, path)));
  const settings = paths.flatMap((path, at) => {
    return parseDnsSettings(texts[at] ?? "").map((setting) => ({ path, text: setting }));
  });
  return {
    resolvConf: stat === null ? null : { target, text },
    hasNetworkManager,
    setting: settings.at(-1) ?? null,
  };
}

/** What `[main]` says of DNS. */
function parseDnsSettings(text: string): readonly string[] {
  const sections = text.split(/^(?=\s*\[)/m);
  const mainSections = sections.filter((section) => /^\s*\[main\]/.test(section));
  return mainSections.flatMap((section) =>
    [...section.matchAll(/^\s*(dns|rc-manager)\s*=\s*(\S+)/gm)].map(
      ([, key = "", value = ""]) => `${key}=${value}`,
    ),
  );
}

async function listConfFiles(
  host: FileHost,
  root: string,
  directory: string,
): Promise<readonly string[]> {
  const names = await host.files.list(underRoot(root, directory));
  return names.filter((name) => name.endsWith(".conf")).map((name) => `${directory}/${name}`);
}

async function readRootedText(host: FileHost, root: string, path: string): Promise<string> {
  const bytes = await host.files.read(underRoot(root, path)).catch(() => null);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}
