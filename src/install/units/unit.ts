import type { ConfigFile } from "../../model/plan.ts";
import { isPlainPath, managedMark } from "../../model/managed-paths.ts";
import { type IniSection, type IniValue, renderIni } from "../../render/ini.ts";

const unitDirectory = "/etc/systemd/system";

/** A unit as a file, for everybody to read. */
export function unitFile(name: string, sections: readonly IniSection[]): ConfigFile {
  const content = renderIni([`# ${managedMark}`], sections);
  return { path: `${unitDirectory}/${name}`, content, mode: 0o644, mac: null };
}

/** The unit whose run configures all NICs at a boot, and after a daemon's start. */
export const bootUnit = "ec2nic-network.service";

/** The network daemons, which are there to be told what changed. */
export const networkDaemons = "systemd-networkd.service NetworkManager.service";

type Entries = readonly (readonly [string, IniValue])[];

/** An admin's word that a machine is to be taken for EC2: a laboratory, a cloud that is like it. */
const forcePath = "/etc/ec2nic/always";

/**
 * Where these units have something to do: on EC2, which systemd tells by the hypervisor, and bare
 * metal by its firmware (`ConditionFirmware=` with fields since 252; an older one knows no such
 * instance). One `|` line is enough. A condition that does not hold is no failure.
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

/**
 * One run. IMDS that does not answer, metadata that is not complete, and a machine where nobody is in
 * charge are no failures of a boot: the repair comes back to it.
 */
export function oneshotService(
  program: string,
  command: string,
  timeoutSeconds: number,
  extraEntries: Entries = [],
): IniSection {
  return service(program, command, [
    ["Type", "oneshot"],
    ["TimeoutStartSec", timeoutSeconds],
    ...extraEntries,
  ]);
}

/**
 * One run that nobody waits for: the job that starts it is done when it runs, so that a boot is not
 * held up by a NIC whose metadata is late. The limit is above what such a run may take: two minutes
 * of waiting for another run, one for IMDS, the rest for the daemons.
 */
export function backgroundService(
  program: string,
  command: string,
  extraEntries: Entries,
): IniSection {
  return service(program, command, [["Type", "exec"], ["RuntimeMaxSec", 300], ...extraEntries]);
}

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

/** Of the runtime that is compiled in: they could make it another program, or write files. */
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
 * It writes below /etc and /run, asks over every NIC and runs the backends' programs. Not
 * MemoryDenyWriteExecute=: JavaScript is compiled at run time. Nothing that gives it a /tmp of its
 * own or hides devices, which needs more of the system than is there before the network.
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

/** systemd takes `%` for a specifier and `$` for a variable, and splits at spaces. */
function requirePlainPath(program: string): string {
  if (isPlainPath(program)) return program;
  throw new RangeError(`${JSON.stringify(program)} cannot stand in a unit`);
}
