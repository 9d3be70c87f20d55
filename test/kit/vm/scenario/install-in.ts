import { renderInstallation } from "../../../../src/install/units/installation.ts";
import type { Vm } from "../vm.ts";

/** The path of the program under test in a guest. */
export const guestProgram = "/usr/local/bin/ec2nic";

/**
 * Writes udev's rules and the units, and reloads udev and systemd. `change` can change the rules.
 */
export async function installIn(
  vm: Pick<Vm, "run" | "write">,
  change: (rules: string) => string = (rules) => rules,
): Promise<void> {
  const { files, links } = renderInstallation(guestProgram, null);
  for (const { path, content, mode } of files) {
    await vm.write(path, path.endsWith(".rules") ? change(content) : content, mode);
  }
  const link = 'mkdir -p "${2%/*}"; ln -sf "$1" "$2"';
  for (const { path, target } of links) await vm.run(["sh", "-c", link, "sh", target, path]);
  await vm.run(["systemctl", "daemon-reload"]);
  await vm.run(["udevadm", "control", "--reload"]);
}
