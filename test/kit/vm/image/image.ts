import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mustRun } from "../../machine/command.ts";
import { network, unwanted } from "../../machine/prepare.ts";
import { cacheFolder, rootFileSystem, type Suite } from "../../machine/root-file-system.ts";
import { temporaryFolder } from "../../basics/temporary-folder.ts";
import { guestPrograms } from "./guest-programs.ts";
import { buildImage, imageSetup, initrdInit } from "./image-scripts.ts";

/** Packages besides those of every machine. */
export const vmPackages = [
  "busybox-static",
  "dhcpcd-base",
  "isc-dhcp-client",
  "linux-image-cloud-amd64",
  "python3",
] as const;

/** The disk, kernel and initrd of a guest; never written to. */
export interface Image {
  /** Identifies the image. */
  readonly id: string;
  /** A raw ext4. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** The root file system of the image, for programs on the side of the VPC. */
  readonly root: string;
}

/** Units that cost time on an emulated processor at each boot. */
const unwantedInGuests = [
  "dev-hugepages.mount",
  "dev-mqueue.mount",
  "kmod-static-nodes.service",
  "modprobe@.service",
  "run-lock.mount",
  "sys-fs-fuse-connections.mount",
  "sys-kernel-config.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-network-generator.service",
  "systemd-tmpfiles-clean.timer",
  "systemd-udev-load-credentials.service",
  "tmp.mount",
] as const;

const recipe = {
  buildImage,
  files: {
    ...guestPrograms,
    "/lab-setup": { content: imageSetup([...unwanted, ...unwantedInGuests], network), mode: 0o755 },
    "/lab-init": { content: initrdInit, mode: 0o755 },
  },
} as const;

/**
 * The image of a suite, which is built once and kept in the cache: half a minute for the root file
 * system, and seconds for the rest. `more`: packages besides those of all guests.
 */
export async function vmImage(suite: Suite, more: readonly string[] = []): Promise<Image> {
  const root = await rootFileSystem(suite, [...vmPackages, ...more]);
  const hash = createHash("sha256")
    .update(JSON.stringify([root, recipe]))
    .digest("hex");
  const id = `image-${suite}-${hash.slice(0, 12)}`;
  const path = join(cacheFolder(), id);
  if (!existsSync(path)) await build(path, root);
  const [disk, kernel, initrd] = ["disk", "kernel", "initrd"].map((name) => join(path, name));
  return { id, disk: disk ?? "", kernel: kernel ?? "", initrd: initrd ?? "", root };
}

async function build(path: string, root: string): Promise<void> {
  using files = temporaryFolder();
  writeTree(files.path, recipe.files);
  const script = ["sh", "-c", buildImage, "sh", path, root, files.path];
  const apart = ["unshare", "--mount", "--propagation=private", "--", ...script];
  await mustRun(["flock", `${path}.lock`, ...apart], { timeoutMs: 3_000_000 });
}

/** Writes files below a folder, and creates the folders above them. */
export function writeTree(
  folder: string,
  files: Readonly<Record<string, { readonly content: string; readonly mode: number }>>,
): void {
  for (const [name, { content, mode }] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
  }
}
