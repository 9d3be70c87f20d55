import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, rootFileSystem, type Suite } from "../machine/root-file-system.ts";
import { command, type Ended } from "../machine/command.ts";

/** The root file system of a Debian, with its own writable layer; nothing boots in it. */
export interface Chroot extends AsyncDisposable {
  /** Runs a command in it, with its own mounts, network and processes. */
  readonly run: (argv: readonly string[]) => Promise<Ended>;
  /** Runs a command and returns its stdout. Throws with its output where it fails. */
  readonly mustRun: (argv: readonly string[]) => Promise<string>;
  /** Each path with kind, mode, owner and link target, without the data of dpkg. */
  readonly listing: () => Promise<readonly string[]>;
}

/** `shift` leaves the command; /mnt/dist is the folder of the release. */
const enter = `
set -eu
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
mount -t tmpfs tmpfs "$2/root/dev"
mknod -m 666 "$2/root/dev/null" c 1 3
mknod -m 666 "$2/root/dev/urandom" c 1 9
mount -t tmpfs tmpfs "$2/root/mnt"
mkdir "$2/root/mnt/dist"
mount --bind -o ro "$3" "$2/root/mnt/dist"
root=$2/root; shift 3
exec chroot "$root" "$@"
`;

const ownOfDpkg = /^\/(?:var\/lib\/dpkg|var\/log|var\/cache|proc|dev|mnt)(?:\/| |$)/;

/** `dist`: the folder of the release, which is mounted at /mnt/dist. */
export async function chroot(suite: Suite, dist: string): Promise<Chroot> {
  const lower = await rootFileSystem(suite);
  // not below /tmp, whose file system may not support an upper layer
  const folder = mkdtempSync(join(cacheFolder(), "chroot-"));
  for (const name of ["upper", "work", "root"]) mkdirSync(join(folder, name));
  const spaces = ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork"];
  const run = (argv: readonly string[]): Promise<Ended> =>
    command([...spaces, "sh", "-c", enter, "sh", lower, folder, dist, ...argv], {
      timeoutMs: 120_000,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LC_ALL: "C.UTF-8" },
    });
  const mustRun = async (argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(argv);
    if (code === 0) return stdout;
    throw new Error(`${argv.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  };
  const listing = async (): Promise<readonly string[]> => {
    const found = await mustRun(["find", "/", "-xdev", "-printf", "%p %y %m %U:%G %l\\n"]);
    return found
      .split("\n")
      .filter((line) => !ownOfDpkg.test(line))
      .toSorted();
  };
  const dispose = async (): Promise<void> => rmSync(folder, { recursive: true });
  return { run, mustRun, listing, [Symbol.asyncDispose]: dispose };
}
