import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { aptSources } from "./apt-sources.ts";
import { mustRun } from "./command.ts";

export const suites = ["bookworm", "trixie"] as const;
export type Suite = (typeof suites)[number];

const packages = [
  "dbus",
  "ethtool",
  "strace",
  "iproute2",
  "iputils-ping",
  "kmod",
  "netplan.io",
  "network-manager",
  "procps",
  "systemd",
  "systemd-resolved",
  "systemd-sysv",
  "udev",
  "util-linux",
] as const;

const without = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*"] as const;

/** Built under a name of its own and renamed whole; two processes at once build one after the other. */
const buildScript = `
set -eu
if [ -d "$1" ]; then exit 0; fi
new=$1.new; rm -rf --one-file-system "$new"; mkdir -p "$new"
printf '%s' "$2" >"$1.list"
suite=$3 target=$1 sources=$1.list; shift 3
mmdebstrap "$@" "$suite" "$new" "$sources"
: >"$new/etc/machine-id"; rm -f "$new/etc/hostname"
rm -rf "$new/var/cache/apt" "$new/var/lib/apt/lists" "$sources"; mkdir -p "$new/var/lib/apt/lists/partial"
mv "$new" "$target"
`;

/** Where root file systems, and what is made of them, are kept. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ec2nic");
}

/** Where the root file system of a suite lies, or will lie, on this machine. */
export function rootPath(suite: Suite, more: readonly string[] = []): string {
  const recipe = createHash("sha256").update(JSON.stringify([buildScript, ...options(more)]));
  return join(cacheFolder(), `root-${suite}-${recipe.digest("hex").slice(0, 12)}`);
}

/**
 * The folder with a Debian's whole root file system, to be used as the lower layer of an overlay
 * and never written to. Built the first time (half a minute), from this machine's apt sources.
 * `more`: packages beside those that each machine has.
 */
export async function rootFileSystem(suite: Suite, more: readonly string[] = []): Promise<string> {
  const path = rootPath(suite, more);
  if (existsSync(path)) return path;
  mkdirSync(join(path, ".."), { recursive: true });
  const build = [
    "sh",
    "-c",
    buildScript,
    "sh",
    path,
    await aptSources(suite),
    suite,
    ...options(more),
    ...keptPackages(join(cacheFolder(), `packages-${suite}`)),
  ];
  // With the test's environment, which may name the proxy that leads to the packages. Nobody boots
  // from an initrd of Debian's (kernel-img.conf(5)), which takes long to make.
  const env = { ...process.env, INITRD: "No" };
  await mustRun(["flock", `${path}.lock`, ...build], { timeoutMs: 600_000, env });
  return path;
}

/**
 * Packages that were downloaded stay, for the next root file system with other ones: mmdebstrap(1),
 * EXAMPLES. Not in the recipe, since what is built is the same.
 */
function keptPackages(folder: string): readonly string[] {
  return [
    "--skip=essential/unlink",
    `--setup-hook=mkdir -p '${folder}' "$1/var/cache/apt/archives"`,
    `--setup-hook=find '${folder}' -name "*.deb" -exec cp -t "$1/var/cache/apt/archives" {} +`,
    `--customize-hook=cp -u "$1"/var/cache/apt/archives/*.deb '${folder}'`,
  ];
}

function options(more: readonly string[]): readonly string[] {
  return [
    "--mode=root",
    "--variant=minbase",
    "--quiet",
    `--include=${[...packages, ...more].join(",")}`,
    "--aptopt=Apt::Install-Recommends false",
    "--aptopt=Acquire::Languages none",
    // The cache lies where apt's own user may not look.
    "--aptopt=APT::Sandbox::User root",
    ...without.map((path) => `--dpkgopt=path-exclude=${path}`),
  ];
}
