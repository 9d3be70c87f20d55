import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failingCommand, missingRoot, missingTool } from "../basics/skip.ts";
import { temporaryFolder } from "../basics/temporary-folder.ts";

const script = join(import.meta.dir, "read-by-systemd.sh");

/** Why systemd cannot run here; null where it can. */
export function systemdMissing(): string | null {
  if (!existsSync("/lib/systemd/systemd")) return "systemd is not installed";
  const namespaces = ["unshare", "--pid", "--fork", "--mount", "--cgroup", "--net", "true"];
  return missingRoot() ?? missingTool("unshare", "awk", "mount") ?? failingCommand(...namespaces);
}

/** The variables that a real systemd reads from this `EnvironmentFile=`. */
export async function readBySystemd(
  environmentFile: string,
): Promise<Readonly<Record<string, string>>> {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "env"), environmentFile);
  const child = Bun.spawn(["sh", script, folder.path], { stdout: "pipe", stderr: "pipe" });
  const output = (await child.stderr.text()) + (await child.stdout.text());
  if ((await child.exited) !== 0) throw new Error(`systemd did not run the service: ${output}`);
  const lines = readFileSync(join(folder.path, "out"), "utf8").split("\0");
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}
