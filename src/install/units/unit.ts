import { isPlainPath, managedMark } from "../../model/managed-paths.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { type IniSection, renderIni } from "../../render/ini.ts";

export const unitDirectory = "/etc/systemd/system";

/** The unit whose run configures all NICs at boot, and after the start of a network daemon. */
export const bootUnit = "ec2nic-network.service";

/** The network daemons that a run gives commands to. */
export const networkDaemons = "systemd-networkd.service NetworkManager.service";

/** A unit as a file that every user may read. */
export function unitFile(name: string, sections: readonly IniSection[]): ConfigFile {
  const content = renderIni([`# ${managedMark}`], sections);
  return { path: `${unitDirectory}/${name}`, content, mode: 0o644, mac: null };
}

/** A file of these lines. */
export function textFile(path: string, lines: readonly string[], mode = 0o644): ConfigFile {
  return { path, content: `${lines.join("\n")}\n`, mode, mac: null };
}

type Entries = IniSection["entries"];

/** An admin creates this file to have a machine treated as EC2: a lab, or a compatible cloud. */
const forcePath = "/etc/ec2nic/always";

/**
 * The conditions of all units: on EC2, which systemd detects by the hypervisor, and on bare metal by
 * the firmware (`ConditionFirmware=` with fields since 252; no such instance has an older one). One
 * of the `|` lines is enough. A condition that is not met is no failure.
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

/** One run that the job waits for. */
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
 * One run in the background: the job is done when it has started, so that late metadata does not
 * delay a boot. The limit is longer than such a run may take: two minutes for another ec2nic
 * process, one for IMDS, the rest for the daemons.
 */
export function backgroundService(
  program: string,
  command: string,
  extraEntries: Entries = [],
): IniSection {
  return service(program, command, [["Type", "exec"], ["RuntimeMaxSec", 300], ...extraEntries]);
}

/**
 * IMDS that does not answer, incomplete metadata, and a machine without a backend are no failures
 * of a boot: the repair timer tries again.
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

/** Variables of the compiled-in runtime: they could make it run another program, or write files. */
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
 * A run writes below /etc and /run, sends over every NIC and runs the programs of backends. Not
 * MemoryDenyWriteExecute=: JavaScript is compiled at run time. No private /tmp and no hidden
 * devices: these need parts of the system that are not started before the network.
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

/** Throws `RangeError`: systemd expands `%` and `$` and splits at blanks, and so does a shell. */
export function requirePlainPath(program: string): string {
  if (isPlainPath(program)) return program;
  throw new RangeError(`${JSON.stringify(program)} needs quoting in a unit or a hook`);
}
