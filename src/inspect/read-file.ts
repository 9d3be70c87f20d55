import type { Host } from "../host/host.ts";

export type FileHost = Pick<Host, "files">;

/**
 * The text of a file, as UTF-8 without a byte order mark; null where there is no such file. Throws
 * `NOPERM` or `OSERR` where it is there and cannot be read.
 */
export async function readText({ files }: FileHost, path: string): Promise<string | null> {
  const bytes = await files.read(path);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/**
 * The text of a file of the kernel's or a daemon's; "" where it is not there or cannot be read: its
 * subject may go away at any moment, and a few files of sysfs fail with EINVAL by design.
 */
export async function readTextOrEmpty(host: FileHost, path: string): Promise<string> {
  return (await readText(host, path).catch(() => null)) ?? "";
}

/** Text whose bytes are compared or put back: a byte order mark stays. */
export function decodeExactly(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
