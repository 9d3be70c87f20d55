import { udhcpcHookPath } from "../model/dhcp-hooks.ts";
import type { Daemon, InstallFacts, InstallPlan, Installation } from "../model/installation.ts";

/** What a person has to know of an installation that its files do not tell. */
export function installNotes(
  { files }: Installation,
  { remove }: Pick<InstallPlan, "remove">,
  facts: InstallFacts,
): readonly string[] {
  const isDropped = remove.some(isOfClient) && !files.some(({ path }) => isOfClient(path));
  return [
    ...whatRuns(facts, "systemd", "started"),
    ...whatRuns(facts, "udev", "read"),
    ...(isDropped ? ["the hooks of DHCP clients go: only with --from-dhcp they stay"] : []),
    ...(files.some(({ path }) => path === udhcpcHookPath)
      ? [`udhcpc has no folder of hooks: it has to be called with -s ${udhcpcHookPath}`]
      : []),
  ];
}

function isOfClient(path: string): boolean {
  return path.includes("/ec2nic-lease.") || !/^\/etc\/(?:ec2nic|systemd|udev)\//.test(path);
}

function whatRuns(
  { daemons, present, isImage }: InstallFacts,
  daemon: Daemon,
  done: string,
): readonly string[] {
  if (!present.includes(daemon)) {
    return [`there is no ${daemon} here: what is written for it does nothing`];
  }
  if (isImage || daemons.includes(daemon)) return [];
  return [`${daemon} does not run here: what is written for it is ${done} at the next boot`];
}
