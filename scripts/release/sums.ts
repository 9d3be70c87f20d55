import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** The SHA-256 of a file, in hexadecimal. */
export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The checksums of files, as `sha256sum --check` reads them in the folder of the files. */
export function sumLines(paths: readonly string[]): string {
  return paths.map((path) => `${sha256(path)}  ${basename(path)}\n`).join("");
}
