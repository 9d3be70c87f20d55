import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LockedPackage } from "./lock-file.ts";

/**
 * The licences of everything in the executable: of ec2nic, of each package that is compiled in, and of
 * the runtime. Throws where a package has no licence file.
 */
export function licenceTexts(compiledIn: readonly LockedPackage[], runtimeVersion: string): string {
  const own = readFileSync("LICENSE", "utf8");
  const packages = compiledIn.map(({ name, version }) => [`${name} ${version}`, licenceIn(name)]);
  const runtime = readFileSync("node_modules/bun-types/docs/project/license.mdx", "utf8");
  const parts = [
    ["ec2nic", own],
    ...packages,
    [`Bun ${runtimeVersion}, the runtime in the executable`, runtime.replace(/^---.*?---\n/s, "")],
  ];
  return parts
    .map(([title = "", text = ""]) => `${title}\n${"=".repeat(title.length)}\n\n${text.trim()}\n`)
    .join("\n\n");
}

/** The licence that a package declares, as an SPDX identifier; null where it is not installed. */
export function licenceOf(name: string): string | null {
  try {
    const manifest: unknown = JSON.parse(
      readFileSync(join("node_modules", name, "package.json"), "utf8"),
    );
    return (manifest as { license?: string }).license ?? null;
  } catch {
    return null; // a package for another system is not installed
  }
}

function licenceIn(name: string): string {
  const folder = join("node_modules", name);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${folder} has no licence file`);
  return readFileSync(join(folder, file), "utf8");
}
