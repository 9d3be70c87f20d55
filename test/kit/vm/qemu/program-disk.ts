import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../../machine/command.ts";
import type { Guest } from "./guest.ts";
import { programSlot } from "./qemu-arguments.ts";

/**
 * Attaches a disk with the program under test to a running guest, so that neither the image nor the
 * saved state depends on it; `lab-program.service` mounts it at /opt/ec2nic. Returns the path of the
 * disk, for later boots.
 */
export async function plugProgram(
  { qmp, agent }: Pick<Guest, "qmp" | "agent">,
  { program, folder }: { readonly program: string; readonly folder: string },
): Promise<string> {
  const [files, disk] = [join(folder, "program"), join(folder, "program.disk")];
  mkdirSync(files, { recursive: true });
  copyFileSync(program, join(files, "ec2nic"));
  await mustRun(["mke2fs", "-q", "-t", "ext2", "-m", "0", "-d", files, disk, "160M"]);
  const node = { driver: "raw", "node-name": "program", "read-only": true };
  const file = { driver: "file", filename: disk, locking: "off" };
  await qmp.execute("blockdev-add", { ...node, file });
  await qmp.execute("device_add", {
    driver: "virtio-blk-pci",
    drive: "program",
    addr: programSlot,
  });
  const start = "until [ -b /dev/vdb ]; do sleep 0.05; done; systemctl start lab-program.service";
  const { code, stderr } = await agent.exec(["sh", "-c", start]);
  if (code !== 0) throw new Error(`the program's disk did not come: ${stderr}`);
  return disk;
}
