import { chmodSync, cpSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PackagedFile, program } from "./package-files.ts";

/** Writes a package's files and its executable below a folder, all with the same modification time. */
export function stage(
  folder: string,
  files: readonly PackagedFile[],
  { executable, epochSeconds }: { readonly executable: string; readonly epochSeconds: number },
): void {
  for (const { path, mode, content } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    chmodSync(target, mode);
  }
  mkdirSync(dirname(join(folder, program)), { recursive: true });
  cpSync(executable, join(folder, program));
  chmodSync(join(folder, program), 0o755);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    // the mode of a new folder depends on the umask
    if (entry.isDirectory()) chmodSync(path, 0o755);
    utimesSync(path, epochSeconds, epochSeconds);
  }
  chmodSync(folder, 0o755);
  utimesSync(folder, epochSeconds, epochSeconds);
}
