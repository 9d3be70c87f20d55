import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** With `CLIENTS=all`, clients that are missing are installed or downloaded. */
const isAllowed = process.env["CLIENTS"] === "all";
/** The limit for a download. */
const downloadMs = 600_000;

/** A client that can be run, or the reason why it cannot. */
export type Got<T> = { readonly client: T } | { readonly missing: string };

/** Debian's packages, which apt installs: awscli, and the Python modules that cloud-init needs. */
export async function getInstalled(
  programs: readonly string[],
  packages: readonly string[],
): Promise<Got<null>> {
  const areThere = (): boolean => programs.every((each) => existsSync(each));
  if (areThere()) return { client: null };
  if (!isAllowed) return { missing: `${packages.join(", ")} is not installed (CLIENTS=all)` };
  const argv = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", ...packages];
  const error = await runDownload(argv, "/");
  return areThere() ? { client: null } : { missing: `apt-get install: ${error ?? "incomplete"}` };
}

/** The folder into which a package of Debian was unpacked, which installs nothing. */
export async function unpackDebian(name: string, folder: string): Promise<Got<string>> {
  if (!isAllowed) return { missing: `${name} is downloaded only with CLIENTS=all` };
  const target = join(folder, name);
  mkdirSync(target);
  const unpack = `apt-get download -qq ${name} && dpkg-deb -x ${name}_*.deb .`;
  const error = await runDownload(["sh", "-c", unpack], target);
  return error === null ? { client: target } : { missing: `apt-get download ${name}: ${error}` };
}

/** The folder whose `node_modules` has these packages of npm, and the path of Node. */
export async function getNodePackages(
  packages: readonly string[],
  folder: string,
): Promise<Got<{ readonly folder: string; readonly node: string }>> {
  const node = Bun.which("node");
  if (!isAllowed) return { missing: "npm packages are downloaded only with CLIENTS=all" };
  if (node === null || Bun.which("npm") === null) return { missing: "node, npm is not installed" };
  const target = join(folder, "node");
  mkdirSync(target);
  const flags = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
  const error = await runDownload(["npm", "install", ...flags, ...packages], target);
  const client = { folder: target, node };
  return error === null ? { client } : { missing: `npm install: ${error}` };
}

/** Runs a command that may use the network; returns what went wrong, or null. */
async function runDownload(argv: readonly string[], cwd: string): Promise<string | null> {
  const child = Bun.spawn([...argv], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
    timeout: downloadMs,
  });
  const stderr = await new Response(child.stderr).text();
  const code = await child.exited;
  return code === 0 ? null : (stderr.trim().split("\n").at(-1) ?? `exit ${code}`);
}
