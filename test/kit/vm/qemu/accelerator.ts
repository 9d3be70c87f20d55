import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../basics/temporary-folder.ts";
import type { Hardware } from "./qemu-arguments.ts";

export type Accelerator = Hardware["accelerator"];

/** A kernel needs half a second with KVM; where KVM does not work it hangs for ever. */
const limitMs = 5000;

const chosen = new Map<string, Promise<Accelerator>>();

/** KVM where a short trial with this kernel succeeds; else emulation. */
export function accelerator(kernel: string): Promise<Accelerator> {
  const known = chosen.get(kernel);
  if (known !== undefined) return known;
  const choice = choose(kernel);
  chosen.set(kernel, choice);
  return choice;
}

async function choose(kernel: string): Promise<Accelerator> {
  if (!isOpen("/dev/kvm")) return "tcg";
  return (await bootsInTime("kvm", kernel, limitMs)) ? "kvm" : "tcg";
}

/** Whether a kernel without a root to mount panics and resets within this time. */
export async function bootsInTime(
  how: Accelerator,
  kernel: string,
  withinMs: number,
): Promise<boolean> {
  using folder = temporaryFolder();
  const log = join(folder.path, "console");
  const words = "console=ttyS0 panic=-1 root=/dev/none";
  const machine = ["-nodefaults", "-display", "none", "-machine", "pc", "-no-reboot", "-m", "256"];
  const cpu = ["-accel", how, "-cpu", how === "kvm" ? "host" : "max"];
  const boot = ["-kernel", kernel, "-append", words, "-serial", `file:${log}`];
  const child = Bun.spawn(["qemu-system-x86_64", ...machine, ...cpu, ...boot], {
    stdio: ["ignore", "ignore", "ignore"],
    timeout: withinMs,
    killSignal: "SIGKILL",
  });
  const code = await child.exited;
  return code === 0 && readFileSync(log, "utf8").includes("Kernel panic");
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
