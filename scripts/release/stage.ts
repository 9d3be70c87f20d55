import { chmodSync, cpSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PackagedFile, program } from "./package-files.ts";

/** Lays a package's files out below a folder, all of the same time; the executable is `executable`. */
export function stage(
  folder: string,
  files: readonly PackagedFile[],
  { executable, epochSeconds }: { readonly executable: string; readonly epochSeconds: number },
): void {
  for (const { path, mode, content } of files) {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
    chmodSync(place, mode);
  }
  mkdirSync(dirname(join(folder, program)), { recursive: true });
  cpSync(executable, join(folder, program));
  chmodSync(join(folder, program), 0o755);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const place = join(entry.parentPath, entry.name);
    // whatever the umask was
    if (entry.isDirectory()) chmodSync(place, 0o755);
    utimesSync(place, epochSeconds, epochSeconds);
  }
  chmodSync(folder, 0o755);
  utimesSync(folder, epochSeconds, epochSeconds);
}
