import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A root with a shell (busybox) and libc only, where `rpm --root` runs its scripts. */
export function emptyRoot(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "ec2nic-rpm-"));
  const busybox = Bun.which("busybox") ?? "";
  const put = (from: string): void => {
    mkdirSync(dirname(join(path, from)), { recursive: true });
    copyFileSync(from, join(path, from));
  };
  for (const library of [...linkedWith(busybox), ...linkedWith(process.execPath)]) put(library);
  mkdirSync(join(path, "bin"));
  copyFileSync(busybox, join(path, "bin/busybox"));
  for (const name of ["sh", "grep", "rm", "echo"]) symlinkSync("busybox", join(path, "bin", name));
  for (const name of ["proc", "run", "etc", "usr/lib"]) {
    mkdirSync(join(path, name), { recursive: true });
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** The paths of the libraries of a program on this machine. */
function linkedWith(program: string): readonly string[] {
  const output = Bun.spawnSync(["ldd", program]).stdout.toString();
  return [...output.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
}

/** Every path below a root, without the database of rpm. */
export function pathsBelow(root: string): readonly string[] {
  const names = readdirSync(root, { recursive: true, withFileTypes: true });
  const paths = names.map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  return paths.filter((path) => !path.startsWith("/var/lib")).toSorted();
}
