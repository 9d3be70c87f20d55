import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../basics/temporary-folder.ts";

/** Runs `systemd-analyze verify` for these units, with a program at their path, which it requires. */
export async function verifyUnits(
  texts: readonly { readonly name: string; readonly content: string }[],
): Promise<{ readonly code: number; readonly output: readonly string[] }> {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  const program = join(folder, "ec2nic");
  await Bun.write(program, "#!/bin/sh\n");
  await chmod(program, 0o755);
  for (const { name, content } of texts) {
    await Bun.write(join(folder, name), content.replaceAll("/usr/local/bin/ec2nic", program));
  }
  const files = texts.map(({ name }) => join(folder, name));
  const run = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", ...files], {
    stderr: "pipe",
  });
  // It reads and reports the machine's own units, too.
  const lines = run.stderr.toString().split("\n");
  return { code: run.exitCode, output: lines.filter((line) => line.includes("ec2nic")) };
}
