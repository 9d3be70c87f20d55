import { isManagedPath } from "../../model/managed-paths.ts";
import type { OtherFile } from "../../model/plan.ts";
import { baseName } from "../../model/text.ts";

/** If files have the same name, networkd uses that in the first directory. systemd.network(5) */
const unitDirectories = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map((parent) => {
  return `${parent}/systemd/network/`;
});

/** The `.network` files of others that networkd reads, without masked ones, in its order. */
export function listUnits(files: readonly OtherFile[]): readonly OtherFile[] {
  const units = files.filter(({ path }) => {
    return !isManagedPath(path) && directoryRank(path) >= 0 && path.endsWith(".network");
  });
  return units
    .filter(({ path }) => !units.some((each) => overrides(each.path, path)))
    .toSorted((left, right) => (baseName(left.path) < baseName(right.path) ? -1 : 1));
}

/** Whether networkd uses the file `path` instead of the file `other`, which has the same name. */
export function overrides(path: string, other: string): boolean {
  return baseName(path) === baseName(other) && directoryRank(path) < directoryRank(other);
}

function directoryRank(path: string): number {
  return unitDirectories.findIndex((directory) => path === `${directory}${baseName(path)}`);
}
