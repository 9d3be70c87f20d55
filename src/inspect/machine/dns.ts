import type { Host } from "../../host/host.ts";
import type { DnsFacts } from "../../model/backend-facts.ts";
import { networkManagerDnsPath } from "../../model/managed-paths.ts";
import { readTextOrEmpty } from "../read-file.ts";

type FileHost = Pick<Host, "files">;

const resolvConfPath = "/etc/resolv.conf";
/** NetworkManager.conf(5): of these the later counts; within one, by name. */
const mainConfPath = "/etc/NetworkManager/NetworkManager.conf";
const confDirectories = ["/usr/lib/NetworkManager/conf.d", "/run/NetworkManager/conf.d"];
const adminConfDirectory = "/etc/NetworkManager/conf.d";

/** Who writes /etc/resolv.conf on the target. Reads only. */
export async function inspectDns(target: FileHost, hasNetworkManager: boolean): Promise<DnsFacts> {
  const stat = await target.files.stat(resolvConfPath);
  const linkTarget = stat?.kind === "link" ? await target.files.readLink(resolvConfPath) : null;
  const text = await readTextOrEmpty(target, resolvConfPath);
  const confPaths = await Promise.all(
    [...confDirectories, adminConfDirectory].map((each) => listConfFiles(target, each)),
  );
  const [vendorPaths = [], runtimePaths = [], adminPaths = []] = confPaths;
  const paths = [...vendorPaths, ...runtimePaths, mainConfPath, ...adminPaths].filter(
    (path) => path !== networkManagerDnsPath,
  );
  const texts = await Promise.all(paths.map((path) => readTextOrEmpty(target, path)));
  const settings = paths.flatMap((path, at) => {
    return parseDnsSettings(texts[at] ?? "").map((setting) => ({ path, text: setting }));
  });
  return {
    resolvConf: stat === null ? null : { target: linkTarget, text },
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

async function listConfFiles({ files }: FileHost, directory: string): Promise<readonly string[]> {
  const names = await files.list(directory);
  return names.filter((name) => name.endsWith(".conf")).map((name) => `${directory}/${name}`);
}
