import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aptSources } from "../machine/apt-sources.ts";
import { mustRun } from "../machine/command.ts";
import { cacheFolder } from "../machine/root-file-system.ts";

/**
 * A folder with Debian's libc for arm64, kept; unpacked and not installed, neither on this machine nor
 * there: nothing of it is run but by an emulator that is named.
 */
export async function arm64Libc(): Promise<string> {
  const path = join(cacheFolder(), "libc-bookworm-arm64");
  if (existsSync(path)) return path;
  const fresh = `${path}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const sources = join(cacheFolder(), "libc-bookworm-arm64.list");
  await Bun.write(sources, await aptSources("bookworm"));
  const how = ["--mode=root", "--variant=extract", "--architectures=arm64", "--include=libc6"];
  const user = "--aptopt=APT::Sandbox::User root";
  await mustRun(["mmdebstrap", "--quiet", ...how, user, "bookworm", fresh, sources], {
    timeoutMs: 300_000,
    env: process.env,
  });
  rmSync(sources);
  renameSync(fresh, path);
  return path;
}
