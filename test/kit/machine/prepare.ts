import type { Machine } from "./machine.ts";

/** The disk of a machine before it boots. */
export interface Preparation {
  /** Path → content, 0644; `{ content, mode }` for another mode. */
  readonly files?: Readonly<Record<string, string | FileOfMachine>>;
  /** Units to enable besides the base system: a network daemon, systemd-resolved. */
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  readonly mask?: readonly string[];
  readonly hostname?: string;
}

export interface FileOfMachine {
  readonly content: string;
  readonly mode: number;
}

/** Debian's packages enable these units; a test enables those that it needs. */
export const network = [
  "NetworkManager.service",
  "NetworkManager-wait-online.service",
  "NetworkManager-dispatcher.service",
  "systemd-networkd.service",
  "systemd-networkd-wait-online.service",
  "systemd-resolved.service",
] as const;

/** Units that no test needs, and that cost time. */
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

/** Writes the files and enables the units before systemd starts. */
export async function prepare(machine: Machine, what: Preparation): Promise<void> {
  const { files = {}, enable = [], disable = [], mask = [], hostname = "ip-10-0-0-10" } = what;
  const machineId = crypto.randomUUID().replaceAll("-", "");
  await machine.write("/etc/machine-id", `${machineId}\n`);
  await machine.write("/etc/hostname", `${hostname}\n`);
  await machine.write("/etc/hosts", `127.0.0.1 localhost ${hostname}\n::1 localhost\n`);
  await systemctlOffline(machine, "disable", [...network, ...disable]);
  await systemctlOffline(machine, "mask", [...unwanted, ...mask]);
  await systemctlOffline(machine, "enable", enable);
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
 * Makes a Debian without systemd-resolved. With its package, resolv.conf is a link to its file, which
 * tmpfiles creates again at boot, and it has a resolvconf; with each of them NetworkManager does not
 * write resolv.conf.
 */
export const withoutResolved = `
rm -f /etc/resolv.conf /usr/sbin/resolvconf
mkdir -p /etc/tmpfiles.d
ln -s /dev/null /etc/tmpfiles.d/systemd-resolve.conf
`;

/** No udev runs here: programs that call udevadm (`netplan apply`) get the exit status 0. */
const udevadm = `#!/bin/sh
case "$1" in trigger | settle | control) exit 0 ;; esac
exec /usr/bin/udevadm "$@"
`;

/**
 * netplan's units match by the permanent MAC, which a veth does not have. So this wrapper runs the
 * real generator and changes the units to match by the current MAC.
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

async function systemctlOffline(
  machine: Machine,
  verb: string,
  units: readonly string[],
): Promise<void> {
  if (units.length === 0) return;
  await machine.run(["env", "SYSTEMD_OFFLINE=1", "systemctl", "--quiet", verb, ...units]);
}
