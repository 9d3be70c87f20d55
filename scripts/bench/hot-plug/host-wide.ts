import type { Machine } from "../../../test/kit/machine/machine.ts";

/** Commands that affect, or may affect, NICs that have not changed. */
const hostWide =
  /^netplan apply|^networkctl reload|^systemctl .*(?:start|reload).*(?:networkd|NetworkManager)/;
const logPath = "/run/bench-commands";
const programs = {
  netplan: "/usr/sbin/netplan",
  networkctl: "/usr/bin/networkctl",
  systemctl: "/usr/bin/systemctl",
} as const;

/**
 * Wrappers that come before the programs in everybody's PATH and log the calls. Calls that a logged
 * program makes itself are not logged.
 */
export const loggingWrappers = Object.fromEntries(
  Object.entries(programs).map(([name, path]) => {
    const content = `#!/bin/sh
[ -n "$BENCH_LOGGED" ] || echo "${name} $*" >>${logPath}
BENCH_LOGGED=1 exec ${path} "$@"
`;
    return [`/usr/local/sbin/${name}`, { content, mode: 0o755 }];
  }),
);

export async function clearCommandLog(machine: Machine): Promise<void> {
  await machine.remove(logPath);
}

/** The host-wide commands since the log was cleared. */
export async function hostWideCommands(machine: Machine): Promise<readonly string[]> {
  const { stdout } = await machine.exec(["cat", logPath]);
  return stdout.split("\n").filter((line) => hostWide.test(line));
}
