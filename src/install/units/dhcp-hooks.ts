import { type DhcpHookFacts, udhcpcHookPath } from "../../model/dhcp.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { isPlainPath, managedMark } from "../../model/managed-paths.ts";
import { type IniSection, renderIni } from "../../render/ini.ts";
import { unitConditions, oneshotService } from "./unit.ts";

/**
 * What makes each DHCP client of the machine run `hotplug --from-dhcp`. A lease's values are in the
 * environment, and no hook takes one into its hands. None of the paths is another's: where a package
 * has one file for everybody, nothing is written there. `program`: the absolute path of the
 * executable; throws `RangeError` for one that a shell or systemd would take apart.
 */
export function renderDhcpHooks(program: string, clients: DhcpHookFacts): readonly ConfigFile[] {
  if (!isPlainPath(program)) {
    throw new RangeError(`${JSON.stringify(program)} cannot stand in a hook`);
  }
  const { dhclient, dhcpcd, udhcpc, networkManager, hasNetworkd } = clients;
  return [
    ...(dhclient === null ? [] : [sourcedHook(`${dhclient}/ec2nic`, "dhclient", program)]),
    ...(dhcpcd === null ? [] : [sourcedHook(`${dhcpcd}/95-ec2nic`, "dhcpcd", program)]),
    ...(udhcpc === null ? [] : [udhcpcScript(udhcpc, program)]),
    ...(networkManager === null ? [] : [dispatcherScript(networkManager, program)]),
    ...(hasNetworkd ? renderLeaseUnits(program) : []),
  ];
}

/** What each says of a lease; anything else is not worth the start of a program. */
const eventPatterns = {
  dhclient: "BOUND|RENEW|REBIND|REBOOT|EXPIRE|FAIL|RELEASE|STOP",
  dhcpcd: "BOUND|RENEW|REBIND|REBOOT|EXPIRE|NAK|RELEASE|STOP|STOPPED",
  udhcpc: "bound|renew|deconfig",
  // the first dhcp4-change of a connection knows no lease: `up` does
  "network-manager": "up|dhcp4-change|reapply|down",
} as const;

/**
 * dhclient-script(8) and dhcpcd-run-hooks(8) read these files into themselves: they must neither end
 * nor fail, and set nothing.
 */
function sourcedHook(path: string, client: "dhclient" | "dhcpcd", program: string): ConfigFile {
  const lines = [`# ${managedMark}: routes and rules of a NIC that has a lease`];
  return hookFile(path, [...lines, ...callLines(client, "reason", program)], 0o644);
}

/**
 * udhcpc has one script, which every package brings (Debian's is a conffile). It is left as it is:
 * this one is for `udhcpc -s`.
 */
function udhcpcScript(machineScript: string, program: string): ConfigFile {
  const lines = [
    "#!/bin/sh",
    `# ${managedMark}: for udhcpc -s ${udhcpcHookPath}`,
    "# the machine's own script first, which gives the NIC its address",
    `${machineScript} "$@"`,
    "status=$?",
    ...callLines("udhcpc", "1", program),
    "exit $status",
  ];
  return hookFile(udhcpcHookPath, lines, 0o755);
}

/** NetworkManager-dispatcher(8): root's, executable, and writable by nobody else. */
function dispatcherScript(directory: string, program: string): ConfigFile {
  const head = ["#!/bin/sh", `# ${managedMark}: routes and rules of a NIC that has a lease`];
  return hookFile(
    `${directory}/90-ec2nic`,
    [...head, ...callLines("network-manager", "2", program)],
    0o755,
  );
}

/** `action`: the shell's name for what the client says it does. */
function callLines(
  client: keyof typeof eventPatterns,
  action: string,
  program: string,
): readonly string[] {
  const actionVariable = `"\${${action}}"`;
  const variables = `EC2NIC_DHCP_CLIENT=${client} EC2NIC_DHCP_ACTION=${actionVariable}`;
  return [
    `case ${actionVariable} in`,
    `${eventPatterns[client]})`,
    `  [ ! -x ${program} ] || ${variables} ${program} hotplug --from-dhcp --quiet >&2 || :`,
    "  ;;",
    "esac",
  ];
}

function hookFile(path: string, lines: readonly string[], mode: number): ConfigFile {
  return { path, content: `${lines.join("\n")}\n`, mode, mac: null };
}

const unitDirectory = "/etc/systemd/system";

const description = "Routes and rules of NICs that have a lease of systemd-networkd's";

/**
 * networkd has no hook, but writes each lease as a file and renames it into place: a path unit sees
 * that, and every systemd has one; networkd-dispatcher is a package of its own that few images have,
 * runs all the time, and is told of a link's state, not of its lease.
 * `program`: the absolute path of the executable, without spaces; throws `RangeError` for others.
 */
function renderLeaseUnits(program: string): readonly ConfigFile[] {
  return [
    leaseUnitFile("ec2nic-lease.path", [
      { name: "Unit", entries: [["Description", description], ...unitConditions(program)] },
      { name: "Path", entries: [["PathChanged", "/run/systemd/netif/leases"]] },
      { name: "Install", entries: [["WantedBy", "paths.target"]] },
    ]),
    leaseUnitFile("ec2nic-lease.service", [
      leaseUnitSection(program),
      leaseServiceSection(program),
    ]),
  ];
}

/** Many leases at once, as at boot, are no reason to give up. */
function leaseUnitSection(program: string): IniSection {
  const entries = [...unitConditions(program), ["StartLimitIntervalSec", 0] as const];
  return { name: "Unit", entries: [["Description", description], ...entries] };
}

function leaseServiceSection(program: string): IniSection {
  const { name, entries } = oneshotService(program, "hotplug --from-dhcp --quiet", 30);
  return { name, entries: [...entries, ["Environment", "EC2NIC_DHCP_CLIENT=networkd"]] };
}

function leaseUnitFile(name: string, sections: readonly IniSection[]): ConfigFile {
  const content = renderIni([`# ${managedMark}`], sections);
  return { path: `${unitDirectory}/${name}`, content, mode: 0o644, mac: null };
}
