import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "../../machine/sandbox.ts";
import { cacheFolder } from "../../machine/root-file-system.ts";
import { bootInitrd } from "../image/boot-initrd.ts";
import { firstBoot, type GuestBackend } from "../image/backends.ts";
import { lockFile } from "../image/file-lock.ts";
import { type Guest, type GuestFiles, saveState, startGuest } from "./guest.ts";
import type { Image } from "../image/image.ts";
import { type Hardware, qemuArguments } from "./qemu-arguments.ts";

export interface GuestSpec {
  readonly image: Image;
  readonly backend: GuestBackend;
  readonly hardware: Hardware;
  /** The addresses that it has, which its state depends on. */
  readonly addresses: unknown;
}

/** Waits until a guest has booted. */
export type AwaitBoot = (guest: Guest) => Promise<void>;

/** Boots a guest: half a minute and more. */
export async function bootGuest(sandbox: Sandbox, spec: GuestSpec): Promise<Guest> {
  return startGuest(
    sandbox,
    await bootFiles(sandbox, spec, join(sandbox.folder, "disk")),
    spec.hardware,
  );
}

/**
 * Starts a booted guest from its saved state, in a second. The first time it boots, and its disk and
 * memory are kept in the cache.
 */
export async function savedGuest(
  sandbox: Sandbox,
  spec: GuestSpec,
  awaitBoot: AwaitBoot,
): Promise<Guest> {
  const saved = join(cacheFolder(), `guest-${await hashOf(spec)}`);
  if (!existsSync(saved)) {
    await using _ = await lockFile(`${saved}.lock`);
    if (!existsSync(saved)) await save(sandbox, spec, { saved, awaitBoot });
  }
  const files = await bootFiles(sandbox, spec, join(sandbox.folder, "disk"));
  const backing = { path: join(saved, "disk"), format: "qcow2" } as const;
  const guest = await startGuest(
    sandbox,
    { ...files, backing, state: join(saved, "state") },
    spec.hardware,
  );
  await guest.agent.awaitAnswer(200_000);
  return guest;
}

async function save(
  sandbox: Sandbox,
  spec: GuestSpec,
  { saved, awaitBoot }: { readonly saved: string; readonly awaitBoot: AwaitBoot },
): Promise<void> {
  const made = `${saved}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(made, { recursive: true });
  const files = await bootFiles(sandbox, spec, join(made, "disk"));
  const guest = await startGuest(sandbox, files, spec.hardware);
  await awaitBoot(guest);
  await guest.agent.exec(["sh", "-c", "udevadm settle; sync; echo 3 >/proc/sys/vm/drop_caches"]);
  await saveState(guest, join(made, "state"));
  await guest.quit();
  renameSync(made, saved);
}

async function bootFiles(sandbox: Sandbox, spec: GuestSpec, disk: string): Promise<GuestFiles> {
  const { image, backend } = spec;
  return {
    kernel: image.kernel,
    initrd: await bootInitrd(image, backend, join(sandbox.folder, "initrd")),
    backing: { path: image.disk, format: "raw" },
    disk,
    state: null,
  };
}

/** A hash of everything that a saved state depends on, with the version of QEMU. */
async function hashOf({ image, backend, hardware, addresses }: GuestSpec): Promise<string> {
  const files = { kernel: "", initrd: "", disk: "", folder: "", state: null };
  const version = await Bun.$`qemu-system-x86_64 --version`.quiet().text();
  const facts = [image.id, backend, firstBoot(backend), addresses, version];
  const all = JSON.stringify([...facts, qemuArguments(files, hardware)]);
  return createHash("sha256").update(all).digest("hex").slice(0, 12);
}
