import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LockedPackage } from "./lock-file.ts";

/**
 * Whose work is in the executable, and on what terms: ours, each package's that is compiled in, and
 * the runtime's. Throws where a package has no text of its licence.
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

/** What a package says that its licence is, as an SPDX identifier; null where it is not installed. */
export function licenceOf(name: string): string | null {
  try {
    const manifest: unknown = JSON.parse(
      readFileSync(join("node_modules", name, "package.json"), "utf8"),
    );
    return (manifest as { license?: string }).license ?? null;
  } catch {
    return null; // for another system
  }
}

function licenceIn(name: string): string {
  const folder = join("node_modules", name);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (file === undefined) throw new Error(`${folder} has no text of its licence`);
  return readFileSync(join(folder, file), "utf8");
}
