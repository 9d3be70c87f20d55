import type { Machine } from "../../../test/kit/machine/machine.ts";

/** What reaches NICs that nothing has happened to, or may. */
const hostWide =
  /^netplan apply|^networkctl reload|^systemctl .*(?:start|reload).*(?:networkd|NetworkManager)/;
const logPath = "/run/bench-commands";
const programs = {
  netplan: "/usr/sbin/netplan",
  networkctl: "/usr/bin/networkctl",
  systemctl: "/usr/bin/systemctl",
} as const;

/** In front of the programs, in the PATH of all: notes what was called; not what they call. */
export const notedPrograms = Object.fromEntries(
  Object.entries(programs).map(([name, path]) => {
    const content = `#!/bin/sh
[ -n "$BENCH_NOTED" ] || echo "${name} $*" >>${logPath}
BENCH_NOTED=1 exec ${path} "$@"
`;
    return [`/usr/local/sbin/${name}`, { content, mode: 0o755 }];
  }),
);

export async function forgetCommands(machine: Machine): Promise<void> {
  await machine.remove(logPath);
}

/** The host-wide commands since then. */
export async function hostWideCommands(machine: Machine): Promise<readonly string[]> {
  const { stdout } = await machine.exec(["cat", logPath]);
  return stdout.split("\n").filter((line) => hostWide.test(line));
}
