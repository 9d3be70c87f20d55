import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aptSources } from "../machine/apt-sources.ts";
import { mustRun } from "../machine/command.ts";
import { cacheFolder } from "../machine/root-file-system.ts";

/**
 * Unpacks packages of Debian bookworm and their dependencies into a cached folder, without installing
 * them. `architecture`: the name that Debian uses.
 */
export async function unpackPackages(
  architecture: "amd64" | "arm64",
  packages: readonly string[],
): Promise<string> {
  // mmdebstrap takes no "+" in the name of a list
  const name = [architecture, ...packages].join("-").replaceAll("+", "x");
  const path = join(cacheFolder(), `unpacked-bookworm-${name}`);
  if (existsSync(path)) return path;
  const [fresh, sources] = [`${path}.new`, `${path}.list`];
  rmSync(fresh, { recursive: true, force: true });
  await Bun.write(sources, await aptSources("bookworm"));
  const how = [`--architectures=${architecture}`, `--include=${packages.join(",")}`];
  const user = "--aptopt=APT::Sandbox::User root";
  const make = ["mmdebstrap", "--quiet", "--mode=root", "--variant=extract", ...how, user];
  await mustRun([...make, "bookworm", fresh, sources], { timeoutMs: 300_000, env: process.env });
  rmSync(sources);
  renameSync(fresh, path);
  return path;
}
