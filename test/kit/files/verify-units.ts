import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { withFolder } from "./golden-case.ts";

/** What `systemd-analyze verify` says of these units; their program exists, as it wants. */
export function verifyUnits(
  texts: readonly { readonly name: string; readonly content: string }[],
): Promise<{ readonly code: number; readonly said: readonly string[] }> {
  return withFolder(async (folder) => {
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
    // It reads the machine's own units too, and complains of those.
    const said = run.stderr.toString().split("\n");
    return { code: run.exitCode, said: said.filter((line) => line.includes("ec2nic")) };
  });
}
