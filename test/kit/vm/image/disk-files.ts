import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { command, mustRun } from "../../machine/command.ts";
import { temporaryFolder } from "../../basics/temporary-folder.ts";

/** `e2fsck` exits with 1 where it repaired what a mount would repair: orphans, free counts. */
const cleanStatuses: readonly number[] = [0, 1];

/**
 * The files that a boot would find in a folder of a guest's disk, path → checksum. The journal is
 * replayed on a copy. Symbolic links are left out. Throws where the file system cannot be repaired.
 */
export async function diskFiles(
  disk: string,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  using scratch = temporaryFolder();
  const [raw, files] = [join(scratch.path, "raw"), join(scratch.path, "files")];
  mkdirSync(files);
  await mustRun(["qemu-img", "convert", "-O", "raw", disk, raw], { timeoutMs: 60_000 });
  const { code, stdout } = await command(["e2fsck", "-fy", raw], { timeoutMs: 60_000 });
  if (!cleanStatuses.includes(code)) throw new Error(`e2fsck ended with ${code}: ${stdout}`);
  await mustRun(["debugfs", "-R", `rdump ${folder} ${files}`, raw]);
  const entries = readdirSync(files, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const above = join(folder, "..");
  return Object.fromEntries(
    paths.map((path) => [join(above, path.slice(files.length)), sumOf(readFileSync(path))]),
  );
}

/** As `sha256sum` prints it. */
function sumOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
