import type { FileHost } from "../../host/host.ts";
import { isManagedPath } from "../../model/managed-paths.ts";
import type { OtherFile } from "../../model/plan.ts";
import { listPaths, readText } from "../read-file.ts";

const parentDirectories = ["/etc", "/run", "/usr/lib"];

const locations = [
  { directory: "netplan", names: /\.yaml$/ },
  { directory: "systemd/network", names: /\.network$/ },
  { directory: "NetworkManager/system-connections", names: /./ },
  { directory: "NetworkManager", names: /^NetworkManager\.conf$/ },
  { directory: "NetworkManager/conf.d", names: /\.conf$/ },
] as const;

/** Network configuration of other programs on the target, except for files that cannot be read. */
export async function readOtherFiles(target: FileHost): Promise<readonly OtherFile[]> {
  const listed = await Promise.all(
    locations.flatMap(({ directory, names }) =>
      parentDirectories.map((parent) => listPaths(target, `${parent}/${directory}`, names)),
    ),
  );
  const paths = listed.flat().filter((path) => !isManagedPath(path));
  const files = await Promise.all(
    paths.map(async (path) => ({ path, content: await readText(target, path).catch(() => null) })),
  );
  return files.flatMap(({ path, content }) => (content === null ? [] : [{ path, content }]));
}
