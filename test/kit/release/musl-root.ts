import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../machine/command.ts";
import { unpackPackages } from "./unpack-packages.ts";

/** The names on each architecture. */
const architectures = {
  x64: {
    debian: "amd64",
    machine: "x86_64",
    glibcLoader: "ld-linux-x86-64.so.2",
    compiler: "gcc",
    emulator: null,
  },
  arm64: {
    debian: "arm64",
    machine: "aarch64",
    glibcLoader: "ld-linux-aarch64.so.1",
    compiler: "aarch64-linux-gnu-gcc",
    emulator: "qemu-aarch64-static",
  },
} as const;
export type Architecture = keyof typeof architectures;

const shim = join(import.meta.dir, "libstdcxx-on-musl.c");

/** The programs that `makeMuslRoot` and a run in the root need. */
export function muslTools(architecture: Architecture): readonly string[] {
  const { compiler, emulator } = architectures[architecture];
  return [compiler, ...(emulator === null ? [] : [emulator]), "mmdebstrap", "ip"];
}

/**
 * Fills `root` so that a program for musl can run in it: Debian's musl, Debian's libstdc++, and the
 * functions that libstdc++ needs from glibc. Returns the command that runs the program there.
 */
export async function makeMuslRoot(
  root: string,
  program: string,
  architecture: Architecture,
): Promise<readonly string[]> {
  const { debian, machine, glibcLoader, compiler, emulator } = architectures[architecture];
  const from = await unpackPackages(debian, ["musl", "libstdc++6"]);
  for (const folder of ["lib", "proc", "sys"]) mkdirSync(join(root, folder));
  const put = (path: string, name: string) => copyFileSync(join(from, path), join(root, name));
  const loader = `ld-musl-${machine}.so.1`;
  put(`lib/${machine}-linux-musl/libc.so`, `lib/${loader}`);
  put(`usr/lib/${machine}-linux-gnu/libstdc++.so.6`, "lib/libstdc++.so.6");
  put(`lib/${machine}-linux-gnu/libgcc_s.so.1`, "lib/libgcc_s.so.1");
  // the other names of musl, which is loader, libc and libm in one file
  for (const name of [`libc.musl-${machine}.so.1`, "libc.so.6", "libm.so.6", glibcLoader]) {
    symlinkSync(loader, join(root, "lib", name));
  }
  const out = join(root, "lib/shim.so");
  await mustRun([compiler, "-shared", "-fPIC", "-nostdlib", "-O1", "-w", "-o", out, shim]);
  copyFileSync(program, join(root, "ec2nic"));
  const preload = "LD_PRELOAD=/lib/shim.so";
  if (emulator === null) return ["env", preload, "chroot", root, "/ec2nic"];
  copyFileSync(Bun.which(emulator) ?? emulator, join(root, "emulator"));
  return ["chroot", root, "/emulator", "-E", preload, "/ec2nic"];
}
