import type { Machine } from "./machine.ts";

/** What lies on a machine's disk before it boots. */
export interface Preparation {
  /** Path → content, 0644; `{ content, mode }` for another mode. */
  readonly files?: Readonly<Record<string, string | FileOfMachine>>;
  /** Units beyond the base system that are started: a network daemon, systemd-resolved. */
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  readonly mask?: readonly string[];
  readonly hostname?: string;
}

export interface FileOfMachine {
  readonly content: string;
  readonly mode: number;
}

/** Debian's packages enable these; which of them a test wants, it says. */
export const network = [
  "NetworkManager.service",
  "NetworkManager-wait-online.service",
  "NetworkManager-dispatcher.service",
  "systemd-networkd.service",
  "systemd-networkd-wait-online.service",
  "systemd-resolved.service",
] as const;

/** They do nothing that a test of the network looks at, and cost time. */
export const unwanted = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "getty.target",
  "systemd-binfmt.service",
  "systemd-firstboot.service",
  "systemd-journald-audit.socket",
  "systemd-logind.service",
  "systemd-modules-load.service",
  "systemd-pstore.service",
  "systemd-random-seed.service",
  "systemd-timesyncd.service",
  "systemd-update-utmp.service",
  "systemd-update-utmp-runlevel.service",
] as const;

/** Writes files and says which units start, before systemd is there. */
export async function prepare(machine: Machine, what: Preparation): Promise<void> {
  const { files = {}, enable = [], disable = [], mask = [], hostname = "ip-10-0-0-10" } = what;
  const machineId = crypto.randomUUID().replaceAll("-", "");
  await machine.write("/etc/machine-id", `${machineId}\n`);
  await machine.write("/etc/hostname", `${hostname}\n`);
  await machine.write("/etc/hosts", `127.0.0.1 localhost ${hostname}\n::1 localhost\n`);
  await offline(machine, "disable", [...network, ...disable]);
  await offline(machine, "mask", [...unwanted, ...mask]);
  await offline(machine, "enable", enable);
  await machine.run(["sh", "-ec", netplanForVeth]);
  await machine.write("/usr/local/sbin/udevadm", udevadm, 0o755);
  if (!enable.some((unit) => unit.startsWith("systemd-resolved"))) {
    await machine.run(["sh", "-ec", withoutResolved]);
  }
  await writeFiles(machine, files);
}

export async function writeFiles(
  machine: Machine,
  files: NonNullable<Preparation["files"]>,
): Promise<void> {
  for (const [path, file] of Object.entries(files)) {
    const { content, mode } = typeof file === "string" ? { content: file, mode: 0o644 } : file;
    await machine.write(path, content, mode);
  }
}

/**
 * A Debian that never had systemd-resolved: with its package, resolv.conf is a link to its file,
 * which tmpfiles makes again at boot, and there is a resolvconf of its own; by either of them
 * NetworkManager leaves resolv.conf alone.
 */
export const withoutResolved = `
rm -f /etc/resolv.conf /usr/sbin/resolvconf
mkdir -p /etc/tmpfiles.d
ln -s /dev/null /etc/tmpfiles.d/systemd-resolve.conf
`;

/** No udev runs here: what asks it for something (`netplan apply`) is told that it is done. */
const udevadm = `#!/bin/sh
case "$1" in trigger | settle | control) exit 0 ;; esac
exec /usr/bin/udevadm "$@"
`;

/**
 * A veth has no permanent MAC, by which netplan's units match; so behind the real generator, at
 * boot and when it is called, stands this: the same units, matched by the MAC as it is.
 */
const netplanForVeth = `
generate=/usr/libexec/netplan/generate
[ -x "$generate" ] || exit 0
mv "$generate" "$generate.real"
cat >"$generate" <<'END'
#!/bin/bash
(exec -a "$0" /usr/libexec/netplan/generate.real "$@") || exit
for unit in /run/systemd/network/10-netplan-*.network; do
  [ -e "$unit" ] && sed -i 's/^PermanentMACAddress=/MACAddress=/' "$unit"
done
exit 0
END
chmod 0755 "$generate"
`;

async function offline(machine: Machine, verb: string, units: readonly string[]): Promise<void> {
  if (units.length === 0) return;
  await machine.run(["env", "SYSTEMD_OFFLINE=1", "systemctl", "--quiet", verb, ...units]);
}
