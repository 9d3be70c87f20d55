import type { FileHost } from "../../host/host.ts";
import {
  machinePaths,
  macOfManagedPath,
  nicPathTemplates,
  policyPath,
  unmanagedPath,
} from "../../model/managed-paths.ts";
import type { ExistingFile, HostState } from "../../model/plan.ts";
import { decodeExactly } from "../read-file.ts";

/**
 * The files on the target at the paths that ec2nic writes, for every backend, the admin's list of
 * unmanaged NICs, and the admin's policy. Changes nothing.
 */
export async function readManagedFiles(target: FileHost): Promise<HostState> {
  const [unmanaged, policy, ...nicPaths] = await Promise.all([
    readUnmanaged(target),
    readAdminFile(target, policyPath),
    ...nicPathTemplates.map((template) => listMatchingPaths(target, template)),
  ]);
  const paths = [...machinePaths, ...nicPaths.flat()].toSorted();
  const files = await Promise.all(paths.map((path) => readExistingFile(target, path)));
  return { files: files.filter((file) => file !== null), unmanaged, policy };
}

/** The paths on the target that match a template, with any MAC. */
async function listMatchingPaths(
  { files }: FileHost,
  template: string,
): Promise<readonly string[]> {
  const directory = template.slice(0, template.lastIndexOf("/", template.indexOf("MAC")));
  const [, subPath = ""] = template.slice(directory.length + 1).split(/(?=\/)/);
  const names = await files.list(directory);
  const paths = names.map((name) => `${directory}/${name}${subPath}`);
  return paths.filter((path) => macOfManagedPath(path) !== null);
}

async function readExistingFile({ files }: FileHost, path: string): Promise<ExistingFile | null> {
  const stat = await files.stat(path);
  if (stat === null) return null;
  // ec2nic replaces a symbolic link with a file, so the link's target is not compared
  const isFile = stat.kind === "file";
  const content = isFile ? decodeExactly((await files.read(path)) ?? new Uint8Array()) : "";
  return { path, content, mode: isFile ? stat.mode : null };
}

/** The admin's list of unmanaged NICs; null if there is none. */
export function readUnmanaged(target: FileHost): Promise<string | null> {
  return readAdminFile(target, unmanagedPath);
}

async function readAdminFile({ files }: FileHost, path: string): Promise<string | null> {
  const bytes = await files.read(path);
  return bytes === null ? null : decodeExactly(bytes);
}
