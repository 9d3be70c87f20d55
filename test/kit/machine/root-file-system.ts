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

/** Built under another name and renamed at the end; two processes build one after the other. */
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

/** The cache of root file systems and images. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ec2nic");
}

/** The path of the root file system of a suite, which may not be built yet. */
export function rootPath(suite: Suite, more: readonly string[] = []): string {
  const recipe = createHash("sha256").update(JSON.stringify([buildScript, ...options(more)]));
  return join(cacheFolder(), `root-${suite}-${recipe.digest("hex").slice(0, 12)}`);
}

/**
 * The folder with the root file system of a Debian, as the lower layer of an overlay; it is never
 * written to. It is built the first time (half a minute), from the apt sources of this machine.
 * `more`: packages besides those of every machine.
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
  // The environment of the test may have a proxy. INITRD=No: no machine boots from Debian's initrd,
  // which is slow to build (kernel-img.conf(5)).
  const env = { ...process.env, INITRD: "No" };
  await mustRun(["flock", `${path}.lock`, ...build], { timeoutMs: 3_600_000, env });
  return path;
}

/**
 * Keeps downloaded packages for the next root file system: mmdebstrap(1), EXAMPLES. These options
 * are not part of the recipe, since the result is the same.
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
    // apt's own user has no access to the cache.
    "--aptopt=APT::Sandbox::User root",
    ...without.map((path) => `--dpkgopt=path-exclude=${path}`),
  ];
}
