import type { FileHost } from "../host/host.ts";

/**
 * The text of a file, decoded as UTF-8, without a byte order mark; null if there is no such file.
 * Throws `NOPERM` or `OSERR` if the file exists but cannot be read.
 */
export async function readText({ files }: FileHost, path: string): Promise<string | null> {
  const bytes = await files.read(path);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/**
 * The text of a file that the kernel or a daemon provides; "" if it is missing or unreadable. The
 * device or process behind the file can disappear at any moment, and a few files of sysfs fail with
 * EINVAL by design.
 */
export async function readTextOrEmpty(host: FileHost, path: string): Promise<string> {
  return (await readText(host, path).catch(() => null)) ?? "";
}

/** Decodes UTF-8 and keeps a byte order mark, for text that is compared or written back exactly. */
export function decodeExactly(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The first of the paths that exists; null if none of them exists. */
export async function findExisting(
  { files }: FileHost,
  paths: readonly string[],
): Promise<string | null> {
  const stats = await Promise.all(paths.map((path) => files.stat(path)));
  return paths.find((_, at) => (stats[at] ?? null) !== null) ?? null;
}

/** The paths in a directory whose names match `pattern`, sorted. */
export async function listPaths(
  { files }: FileHost,
  directory: string,
  pattern: RegExp,
): Promise<readonly string[]> {
  const names = await files.list(directory);
  return names.filter((name) => pattern.test(name)).map((name) => `${directory}/${name}`);
}

/**
 * The result of `read`; null if `read` fails and `path` no longer exists. A read from a removed
 * device fails in several ways (ENODEV, EINVAL, ENOENT).
 */
export function unlessGone<T>(
  { files }: FileHost,
  path: string,
  read: () => Promise<T | null>,
): Promise<T | null> {
  return read().catch(async (error: unknown) => {
    if ((await files.stat(path)) === null) return null;
    throw error;
  });
}
