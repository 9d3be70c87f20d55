import type { Host } from "../../host/host.ts";
import type { OtherFile } from "../../model/plan.ts";
import { isManagedPath } from "../../model/managed-paths.ts";

const otherFilePlaces = [
  { directories: ["/etc/netplan", "/run/netplan", "/usr/lib/netplan"], suffix: ".yaml" },
  {
    directories: ["/etc/systemd/network", "/run/systemd/network", "/usr/lib/systemd/network"],
    suffix: ".network",
  },
  {
    directories: ["/etc", "/run", "/usr/lib"].map(
      (top) => `${top}/NetworkManager/system-connections`,
    ),
    suffix: "",
  },
] as const;

/** Network configuration of others on the target; what cannot be read is left out. Reads only. */
export async function readOtherFiles({
  files: targetFiles,
}: Pick<Host, "files">): Promise<readonly OtherFile[]> {
  const listed = await Promise.all(
    otherFilePlaces.flatMap(({ directories, suffix }) =>
      directories.map(async (directory) => {
        const names = await targetFiles.list(directory);
        return names.filter((name) => name.endsWith(suffix)).map((name) => `${directory}/${name}`);
      }),
    ),
  );
  const paths = listed.flat().filter((path) => !isManagedPath(path));
  const files = paths.map(async (path) => {
    const bytes = await targetFiles.read(path).catch(() => null);
    return bytes === null ? [] : [{ path, content: new TextDecoder().decode(bytes) }];
  });
  return (await Promise.all(files)).flat();
}
