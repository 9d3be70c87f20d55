import { isPlainPath, managedMark } from "../../model/managed-paths.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { type IniSection, renderIni } from "../../render/ini.ts";

export const unitDirectory = "/etc/systemd/system";

/** The unit that configures all NICs at boot, and after each start of a network daemon. */
export const bootUnit = "ec2nic-network.service";

/** The network daemons to which a run sends commands. */
export const networkDaemons = "systemd-networkd.service NetworkManager.service";

/** The file of a unit, which every user can read. */
export function unitFile(name: string, sections: readonly IniSection[]): ConfigFile {
  const content = renderIni([`# ${managedMark}`], sections);
  return { path: `${unitDirectory}/${name}`, content, mode: 0o644, mac: null };
}

/** A file with these lines. */
export function textFile(path: string, lines: readonly string[], mode = 0o644): ConfigFile {
  return { path, content: `${lines.join("\n")}\n`, mode, mac: null };
}

type Entries = IniSection["entries"];

/** An admin creates this file so that the units also run in a lab or in a compatible cloud. */
const forcePath = "/etc/ec2nic/always";

/**
 * The conditions of all units: the program exists, and the machine is on EC2. systemd detects EC2
 * by the hypervisor, and bare-metal instances by the firmware (`ConditionFirmware=` with fields
 * needs systemd 252, which every such instance has). One of the lines with `|` is enough. If a
 * condition is not met, systemd skips the unit, which is no failure.
 */
export function unitConditions(program: string): Entries {
  return [
    ["ConditionFileIsExecutable", requirePlainPath(program)],
    ["ConditionVirtualization", "|amazon"],
    ["ConditionVirtualization", "|xen"],
    ["ConditionFirmware", '|smbios-field(sys_vendor = "Amazon EC2")'],
    ["ConditionPathExists", `|${forcePath}`],
  ];
}

/** A service whose start job ends when the run has ended. */
export function oneshotService(
  program: string,
  command: string,
  timeoutSeconds: number,
  extraEntries: Entries = [],
): IniSection {
  const start: Entries = [
    ["Type", "oneshot"],
    ["TimeoutStartSec", timeoutSeconds],
  ];
  return service(program, command, [...start, ...extraEntries]);
}

/**
 * A service whose start job ends when the run has started, so that late metadata does not delay a
 * boot. The time limit is longer than any run: two minutes for another ec2nic process, one for
 * IMDS, the rest for the daemons.
 */
export function backgroundService(
  program: string,
  command: string,
  extraEntries: Entries = [],
): IniSection {
  return service(program, command, [["Type", "exec"], ["RuntimeMaxSec", 300], ...extraEntries]);
}

/**
 * The unit does not fail if IMDS does not answer, metadata is incomplete or no backend is active,
 * because the repair timer tries again.
 */
function service(program: string, command: string, startEntries: Entries): IniSection {
  return {
    name: "Service",
    entries: [
      ...startEntries,
      ["ExecStart", `${requirePlainPath(program)} ${command}`],
      ["SuccessExitStatus", "UNAVAILABLE TEMPFAIL CONFIG"],
      ["UnsetEnvironment", runtimeVariables.join(" ")],
      ...hardening,
    ],
  };
}

/** With these variables, the compiled-in runtime could run another program or write files. */
const runtimeVariables = [
  "BUN_BE_BUN",
  "BUN_BYTECODE_ORDER_OUT",
  "BUN_CONFIG_VERBOSE_FETCH",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_NOTIFY",
  "BUN_INSPECT_PRELOAD",
  "BUN_OPTIONS",
  "BUN_RUNTIME_TRANSPILER_CACHE_PATH",
  "BUN_TRACE",
  "NODE_EXTRA_CA_CERTS",
  "NODE_OPTIONS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
];

/**
 * A run must write below /etc and /run, send over every NIC and run the programs of backends.
 * MemoryDenyWriteExecute= is left out, because JavaScript is compiled at run time. A private /tmp
 * and hidden devices are left out, because they need units that start after the network.
 */
const hardening: Entries = [
  ["NoNewPrivileges", true],
  ["ProtectSystem", true],
  ["ProtectHome", true],
  ["ProtectClock", true],
  ["ProtectControlGroups", true],
  ["ProtectKernelLogs", true],
  ["ProtectKernelModules", true],
  ["LockPersonality", true],
  ["RestrictAddressFamilies", "AF_UNIX AF_NETLINK AF_INET AF_INET6 AF_PACKET"],
  ["RestrictNamespaces", true],
  ["RestrictRealtime", true],
  ["RestrictSUIDSGID", true],
  ["SystemCallArchitectures", "native"],
];

/** Throws `RangeError` for a path that systemd or a shell would split or expand. */
export function requirePlainPath(program: string): string {
  if (isPlainPath(program)) return program;
  throw new RangeError(`${JSON.stringify(program)} needs quoting in a unit or a hook`);
}
