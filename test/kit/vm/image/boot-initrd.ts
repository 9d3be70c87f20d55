import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../machine/command.ts";
import { temporaryFolder } from "../../basics/temporary-folder.ts";
import { firstBoot, type GuestBackend } from "./backends.ts";
import { type Image, writeTree } from "./image.ts";

/** The kernel unpacks both archives: that of the image, and that of the first boot. */
const append = `
set -eu
(cd "$1" && find . | "$2/bin/busybox" cpio -o -H newc 2>/dev/null) >"$4.more"
cat "$3" "$4.more" >"$4"
rm "$4.more"
`;

/** Writes the initrd of a guest with this backend; returns its path. */
export async function bootInitrd(
  image: Image,
  backend: GuestBackend,
  path: string,
): Promise<string> {
  using folder = temporaryFolder();
  const { files, script } = firstBoot(backend);
  const lab = join(folder.path, "lab");
  mkdirSync(join(lab, "files"), { recursive: true });
  chmodSync(join(lab, "files"), 0o755);
  writeTree(join(lab, "files"), files);
  writeTree(lab, { "first-boot": { content: script, mode: 0o755 } });
  await mustRun(["sh", "-c", append, "sh", folder.path, image.root, image.initrd, path]);
  return path;
}
