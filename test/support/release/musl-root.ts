import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../machine/command.ts";
import { unpacked } from "./unpacked.ts";

/** The names by which others know musl, which is loader, libc and libm in one. */
const names = ["libc.musl-x86_64.so.1", "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"] as const;
const shim = join(import.meta.dir, "libstdcxx-on-musl.c");

/**
 * Makes `root` a place where a program for musl on x64 runs: Debian's musl, and Debian's libstdc++
 * with what that misses there (`LD_PRELOAD=/lib/shim.so`). The program is /ec2nic.
 */
export async function makeMuslRoot(root: string, program: string): Promise<void> {
  const from = await unpacked("amd64", ["musl", "libstdc++6"]);
  for (const folder of ["lib", "proc", "sys"]) mkdirSync(join(root, folder));
  const put = (path: string, name: string) => copyFileSync(join(from, path), join(root, name));
  put("lib/x86_64-linux-musl/libc.so", "lib/ld-musl-x86_64.so.1");
  put("usr/lib/x86_64-linux-gnu/libstdc++.so.6", "lib/libstdc++.so.6");
  put("lib/x86_64-linux-gnu/libgcc_s.so.1", "lib/libgcc_s.so.1");
  for (const name of names) symlinkSync("ld-musl-x86_64.so.1", join(root, "lib", name));
  const out = join(root, "lib/shim.so");
  await mustRun(["gcc", "-shared", "-fPIC", "-nostdlib", "-O1", "-w", "-o", out, shim]);
  copyFileSync(program, join(root, "ec2nic"));
}
