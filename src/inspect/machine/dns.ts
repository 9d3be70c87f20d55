import type { FileHost } from "../../host/host.ts";
import type { DnsFacts } from "../../model/backend-facts.ts";
import { networkManagerDnsPath } from "../../model/managed-paths.ts";
import { listPaths, readTextOrEmpty } from "../read-file.ts";

const resolvConfPath = "/etc/resolv.conf";

/** A later file overrides an earlier one: by directory, then by name (NetworkManager.conf(5)). */
const mainConfPath = "/etc/NetworkManager/NetworkManager.conf";
const confDirectories = [
  "/usr/lib/NetworkManager/conf.d",
  "/run/NetworkManager/conf.d",
  "/etc/NetworkManager/conf.d",
];

/** What shows which program writes /etc/resolv.conf on the target. Changes nothing. */
export async function inspectDns(target: FileHost, hasNetworkManager: boolean): Promise<DnsFacts> {
  const stat = await target.files.stat(resolvConfPath);
  const linkTarget = stat?.kind === "link" ? await target.files.readLink(resolvConfPath) : null;
  const text = await readTextOrEmpty(target, resolvConfPath);
  const [vendor = [], runtime = [], admin = []] = await Promise.all(
    confDirectories.map((directory) => listPaths(target, directory, /\.conf$/)),
  );
  const paths = [...vendor, ...runtime, mainConfPath, ...admin].filter(
    (path) => path !== networkManagerDnsPath,
  );
  const texts = await Promise.all(paths.map((path) => readTextOrEmpty(target, path)));
  const settings = paths.flatMap((path, at) =>
    parseDnsSettings(texts[at] ?? "").map((setting) => ({ path, text: setting })),
  );
  return {
    resolvConf: stat === null ? null : { target: linkTarget, text },
    hasNetworkManager,
    setting: settings.at(-1) ?? null,
  };
}

/** The settings about DNS in `[main]`. */
function parseDnsSettings(text: string): readonly string[] {
  const sections = text.split(/^(?=\s*\[)/m).filter((section) => /^\s*\[main\]/.test(section));
  const entries = sections.flatMap((section) => [
    ...section.matchAll(/^\s*(dns|rc-manager)\s*=\s*(\S+)/gm),
  ]);
  return entries.map(([, key = "", value = ""]) => `${key}=${value}`);
}
