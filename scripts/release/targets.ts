import { existsSync } from "node:fs";
import { join } from "node:path";

/** A kind of machine that an executable is made for. */
export interface Target {
  /** The last part of the executable's name. */
  readonly name: string;
  /** The npm package that has the runtime; the lock file pins it. */
  readonly runtime: string;
  readonly isMusl: boolean;
  /** The names of the processor in Debian and in RPM packages. */
  readonly debian: "amd64" | "arm64";
  readonly rpm: "x86_64" | "aarch64";
}

const x64 = { debian: "amd64", rpm: "x86_64" } as const;
const arm64 = { debian: "arm64", rpm: "aarch64" } as const;

export const targets = [
  { name: "linux-x64", runtime: "@oven/bun-linux-x64", isMusl: false, ...x64 },
  { name: "linux-arm64", runtime: "@oven/bun-linux-aarch64", isMusl: false, ...arm64 },
  { name: "linux-x64-musl", runtime: "@oven/bun-linux-x64-musl", isMusl: true, ...x64 },
  { name: "linux-arm64-musl", runtime: "@oven/bun-linux-aarch64-musl", isMusl: true, ...arm64 },
] as const satisfies readonly Target[];

/** Packages are for distributions with glibc; on musl the executable is installed as a file. */
export const packagedTargets: readonly Target[] = targets.filter(({ isMusl }) => !isMusl);

/** The path of a target's runtime. Throws where `bun install` has not installed it. */
export function runtimeOf({ runtime }: Target): string {
  const path = join("node_modules", runtime, "bin/bun");
  if (existsSync(path)) return path;
  throw new Error(`${path} does not exist; make release installs it`);
}

/** The paths of glibc's loader. A machine with glibc may have musl's loader too, so that is no sign. */
const glibcLoaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/** The target of this machine. Throws where there is none. */
export function thisMachine(): Target {
  const isMusl = !glibcLoaders.some((path) => existsSync(path));
  const here = `linux-${process.arch}${isMusl ? "-musl" : ""}`;
  const target = targets.find(({ name }) => name === here);
  if (target === undefined) throw new Error(`ec2nic cannot be built for ${here}`);
  return target;
}
