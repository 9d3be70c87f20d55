import type { ExistingFile, NetworkPlan } from "../../model/plan.ts";
import { networkManagerDnsPath, macOfManagedPath } from "../../model/managed-paths.ts";

/** The changes that a plan makes to files. */
export type Changes = Pick<NetworkPlan, "write" | "remove">;

/** The MACs of the NICs with a file that is written or removed. */
export function changedMacs({ write, remove }: Changes): ReadonlySet<string> {
  const macs = [...write.map(({ mac }) => mac), ...remove.map(macOfManagedPath)];
  return new Set(macs.filter((mac) => mac !== null));
}

/** Whether NetworkManager's DNS file is written or removed. */
export function changesDns({ write, remove }: Changes): boolean {
  return [...write.map(({ path }) => path), ...remove].includes(networkManagerDnsPath);
}

/**
 * A plan's changes, plus the changes that a killed run made but did not activate. `touched`: the
 * files that the killed run was about to change. `files`: the files as they are now.
 */
export function addInterruptedChanges(
  { write, remove }: Changes,
  touched: readonly { readonly path: string }[],
  files: readonly ExistingFile[],
): Changes {
  const planned = new Set([...write.map(({ path }) => path), ...remove]);
  const unplanned = touched.map(({ path }) => path).filter((path) => !planned.has(path));
  const existing = unplanned.flatMap((path) => files.find((file) => file.path === path) ?? []);
  const missing = unplanned.filter((path) => !existing.some((file) => file.path === path));
  const written = existing.map(({ path, content, mode }) => {
    return { path, content, mode: mode ?? 0o600, mac: macOfManagedPath(path) };
  });
  return { write: [...write, ...written], remove: [...remove, ...missing] };
}
