import type { Host } from "../../host/host.ts";
import type { BackendFacts } from "../../model/backend-facts.ts";
import { macOfOwnPath } from "../../model/own-files.ts";
import { underRoot } from "../../host/target-root.ts";

type NetplanFacts = BackendFacts["netplan"];
type Renderer = NetplanFacts["renderer"];

/** In the order in which netplan reads them; of equal names the later folder's file counts. */
const folders = ["/usr/lib/netplan", "/lib/netplan", "/etc/netplan", "/run/netplan"];
const programs = ["/usr/sbin/netplan", "/usr/bin/netplan", "/sbin/netplan"];

/** netplan below `root`: is it there, what do others' files say. Reads only. */
export async function inspectNetplan(
  host: Pick<Host, "files">,
  root: string,
): Promise<NetplanFacts> {
  const found = await Promise.all(programs.map((path) => host.files.stat(underRoot(root, path))));
  const listed = await Promise.all(folders.map((folder) => yamlFiles(host, root, folder)));
  const byName = new Map(listed.flat().map((path) => [path.slice(path.lastIndexOf("/")), path]));
  const paths = [...byName.keys()].toSorted().flatMap((name) => byName.get(name) ?? []);
  const others = paths.filter((path) => macOfOwnPath(path) === null);
  const texts = await Promise.all(others.map((path) => host.files.read(underRoot(root, path))));
  const renderers = texts.flatMap((text) => rendererIn(text) ?? []);
  return {
    isInstalled: found.some((each) => each !== null),
    files: others,
    renderer: renderers.at(-1) ?? null,
  };
}

async function yamlFiles(
  host: Pick<Host, "files">,
  root: string,
  folder: string,
): Promise<readonly string[]> {
  const names = await host.files.list(underRoot(root, folder));
  return names.filter((name) => name.endsWith(".yaml")).map((name) => `${folder}/${name}`);
}

/** The one for everything, a key directly below `network:`; a NIC's own lies deeper. */
function rendererIn(bytes: Uint8Array | null): Renderer {
  const lines = new TextDecoder().decode(bytes ?? new Uint8Array()).split("\n");
  const keys = lines.filter((line) => /^\s+[\w"'-]+\s*:/.test(line));
  const indent = Math.min(...keys.map((line) => line.search(/\S/)));
  for (const line of keys.filter((each) => each.search(/\S/) === indent)) {
    const [, name] = /^\s+renderer:\s*["']?(\w+)/.exec(line) ?? [];
    if (name === "networkd" || name === "NetworkManager") return name;
  }
  return null;
}
