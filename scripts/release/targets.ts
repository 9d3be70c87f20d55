import { existsSync } from "node:fs";
import { join } from "node:path";

/** A kind of machine that an executable is made for. */
export interface Target {
  /** As the executable's name has it. */
  readonly name: string;
  /** The package that brings the runtime; the lock file pins it. */
  readonly runtime: string;
  readonly isMusl: boolean;
  /** As Debian, and as RPM, call the processor. */
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

/** The runtime of a target, as `bun install` left it. Throws where it did not. */
export function runtimeOf({ runtime }: Target): string {
  const path = join("node_modules", runtime, "bin/bun");
  if (existsSync(path)) return path;
  throw new Error(`${path} is not there: make release brings it`);
}

/** Where glibc's loader lies; a machine may have musl's beside it, for programs that want that. */
const glibcLoaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

/** The target that this machine is. Throws where there is none. */
export function thisMachine(): Target {
  const isMusl = !glibcLoaders.some((path) => existsSync(path));
  const here = `linux-${process.arch}${isMusl ? "-musl" : ""}`;
  const target = targets.find(({ name }) => name === here);
  if (target === undefined) throw new Error(`there is no target for ${here}`);
  return target;
}
