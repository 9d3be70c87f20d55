import { renderInstallation } from "../../../../src/install/units/installation.ts";
import type { Vm } from "../vm.ts";

/** Where a guest has the program under test. */
export const guestProgram = "/usr/local/bin/ec2nic";

/**
 * Puts udev's rules and the units in place, and tells udev and systemd. `change`: other rules than
 * are rendered.
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
