import type { Host } from "../../host/host.ts";
import type { DnsFacts } from "../../model/backend-facts.ts";
import { dnsPath } from "../../model/managed-paths.ts";
import { underRoot } from "../../host/target-root.ts";

type FileHost = Pick<Host, "files">;

const resolvConfPath = "/etc/resolv.conf";
/** NetworkManager.conf(5): of these the later counts; within one, by name. */
const main = "/etc/NetworkManager/NetworkManager.conf";
const folders = ["/usr/lib/NetworkManager/conf.d", "/run/NetworkManager/conf.d"];
const adminFolder = "/etc/NetworkManager/conf.d";

/** Who writes /etc/resolv.conf below `root`. Reads only. */
export async function inspectDns(
  host: FileHost,
  root: string,
  hasNetworkManager: boolean,
): Promise<DnsFacts> {
  const place = underRoot(root, resolvConfPath);
  const stat = await host.files.stat(place);
  const target = stat?.kind === "link" ? await host.files.readLink(place) : null;
  const text = await textAt(host, root, resolvConfPath);
  const confs = await Promise.all(
    [...folders, adminFolder].map((each) => confFiles(host, root, each)),
  );
  const [before = [], running = [], admins = []] = confs;
  const paths = [...before, ...running, main, ...admins].filter((path) => path !== dnsPath);
  const texts = await Promise.all(paths.map((path) => textAt(host, root, path)));
  const settings = paths.flatMap((path, at) => {
    return settingsIn(texts[at] ?? "").map((setting) => ({ path, text: setting }));
  });
  return {
    resolvConf: stat === null ? null : { target, text },
    hasNetworkManager,
    setting: settings.at(-1) ?? null,
  };
}

/** What `[main]` says of DNS. */
function settingsIn(text: string): readonly string[] {
  const sections = text.split(/^(?=\s*\[)/m);
  const own = sections.filter((section) => /^\s*\[main\]/.test(section));
  return own.flatMap((section) =>
    [...section.matchAll(/^\s*(dns|rc-manager)\s*=\s*(\S+)/gm)].map(
      ([, key = "", value = ""]) => `${key}=${value}`,
    ),
  );
}

async function confFiles(host: FileHost, root: string, folder: string): Promise<readonly string[]> {
  const names = await host.files.list(underRoot(root, folder));
  return names.filter((name) => name.endsWith(".conf")).map((name) => `${folder}/${name}`);
}

async function textAt(host: FileHost, root: string, path: string): Promise<string> {
  const bytes = await host.files.read(underRoot(root, path)).catch(() => null);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}
