import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemFiles } from "../../../src/host/files.ts";
import type { Host } from "../../../src/host/host.ts";
import { openTarget } from "../../../src/host/target.ts";
import { silentLog } from "../host/fake-host.ts";

const host: Pick<Host, "exec" | "files" | "log" | "signal"> = {
  files: systemFiles,
  log: silentLog,
  signal: new AbortController().signal,
  exec: async (argv) => Promise.reject(new Error(`${argv.join(" ")} was run`)),
};

/** The host of a run with `--root`: no command may be run for an image. */
export function imageHost(root: string) {
  return { ...host, target: openTarget(host, root) };
}

/** Every path below a root with kind, mode and content. */
export async function treeBelow(root: string): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true });
  const lines = names.map(async (name) => {
    const path = join(root, name);
    const stat = await lstat(path);
    if (stat.isSymbolicLink()) return `${name} -> ${await readlink(path)}`;
    const mode = (stat.mode & 0o7777).toString(8);
    return stat.isDirectory()
      ? `${name}/ ${mode}`
      : `${name} ${mode} ${await readFile(path, "utf8")}`;
  });
  return (await Promise.all(lines)).toSorted();
}

const clientFolders = [
  "etc/NetworkManager/dispatcher.d",
  "etc/dhcp/dhclient-exit-hooks.d",
  "usr/lib/dhcpcd/dhcpcd-hooks",
  "usr/lib/systemd/system",
  "usr/share/udhcpc",
];
/** Creates the folders and files of the packages of all DHCP clients, as on Debian. */
export async function makeClients(root: string): Promise<void> {
  for (const folder of clientFolders) await mkdir(join(root, folder), { recursive: true });
  await symlink("usr/lib", join(root, "lib"));
  await writeFile(join(root, "usr/share/udhcpc/default.script"), "#!/bin/sh\n");
  await writeFile(join(root, "usr/lib/systemd/system/systemd-networkd.service"), "");
  await writeFile(join(root, "etc/NetworkManager/dispatcher.d/01-ifupdown"), "#!/bin/sh\n");
}
