import type { Host } from "../../host/host.ts";
import type { OtherFile } from "../../model/plan.ts";
import { isOwnPath } from "../../model/managed-paths.ts";
import { underRoot } from "../../host/target-root.ts";

const places = [
  { folders: ["/etc/netplan", "/run/netplan", "/usr/lib/netplan"], ending: ".yaml" },
  {
    folders: ["/etc/systemd/network", "/run/systemd/network", "/usr/lib/systemd/network"],
    ending: ".network",
  },
  {
    folders: ["/etc", "/run", "/usr/lib"].map((top) => `${top}/NetworkManager/system-connections`),
    ending: "",
  },
] as const;

/** Network configuration of others below `root`; what cannot be read is left out. Reads only. */
export async function inspectOthers(
  host: Pick<Host, "files">,
  root: string,
): Promise<readonly OtherFile[]> {
  const listed = await Promise.all(
    places.flatMap(({ folders, ending }) =>
      folders.map(async (folder) => {
        const names = await host.files.list(underRoot(root, folder));
        return names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`);
      }),
    ),
  );
  const paths = listed.flat().filter((path) => !isOwnPath(path));
  const files = paths.map(async (path) => {
    const bytes = await host.files.read(underRoot(root, path)).catch(() => null);
    return bytes === null ? [] : [{ path, content: new TextDecoder().decode(bytes) }];
  });
  return (await Promise.all(files)).flat();
}
