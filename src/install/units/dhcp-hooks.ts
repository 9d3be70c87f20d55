import { type DhcpHookFacts, udhcpcHookPath } from "../../model/dhcp.ts";
import { managedMark } from "../../model/managed-paths.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { oneshotService, requirePlainPath, textFile, unitConditions, unitFile } from "./unit.ts";

/**
 * The hooks by which the DHCP clients of a machine run `hotplug --from-dhcp`. The values of a lease
 * are passed in the environment, and no hook expands one. No path belongs to another package: if a
 * client has one file for all hooks, it is not written. `program`: the absolute path of the
 * executable; throws `RangeError` if a shell or systemd would split it.
 */
export function renderDhcpHooks(program: string, clients: DhcpHookFacts): readonly ConfigFile[] {
  requirePlainPath(program);
  const { dhclient, dhcpcd, udhcpc, networkManager, hasNetworkd } = clients;
  return [
    ...(dhclient === null ? [] : [sourcedHook(`${dhclient}/ec2nic`, "dhclient", program)]),
    ...(dhcpcd === null ? [] : [sourcedHook(`${dhcpcd}/95-ec2nic`, "dhcpcd", program)]),
    ...(udhcpc === null ? [] : [udhcpcScript(udhcpc, program)]),
    ...(networkManager === null ? [] : [dispatcherScript(networkManager, program)]),
    ...(hasNetworkd ? renderLeaseUnits(program) : []),
  ];
}

/** The actions that concern a lease; for others, starting the program would be wasted. */
const eventPatterns = {
  dhclient: "BOUND|RENEW|REBIND|REBOOT|EXPIRE|FAIL|RELEASE|STOP",
  dhcpcd: "BOUND|RENEW|REBIND|REBOOT|EXPIRE|NAK|RELEASE|STOP|STOPPED",
  udhcpc: "bound|renew|deconfig",
  // the first dhcp4-change of a connection has no lease yet: `up` has it
  "network-manager": "up|dhcp4-change|reapply|down",
} as const;

const title = `# ${managedMark}: routes and rules of a NIC that has a lease`;

/**
 * dhclient-script(8) and dhcpcd-run-hooks(8) source these files: they must not exit, fail or set a
 * variable.
 */
function sourcedHook(path: string, client: "dhclient" | "dhcpcd", program: string): ConfigFile {
  return textFile(path, [title, ...callLines(client, "reason", program)]);
}

/**
 * udhcpc has a single script, which is part of every package (a conffile in Debian's). It is not
 * changed: this script is for `udhcpc -s`.
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
  return textFile(udhcpcHookPath, lines, 0o755);
}

/** NetworkManager-dispatcher(8): owned by root, executable, and writable by root only. */
function dispatcherScript(directory: string, program: string): ConfigFile {
  const lines = ["#!/bin/sh", title, ...callLines("network-manager", "2", program)];
  return textFile(`${directory}/90-ec2nic`, lines, 0o755);
}

/** `action`: the shell variable with the client's action. */
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

/**
 * networkd has no hook, but writes each lease to a file and renames it into place. A path unit sees
 * that, and every systemd has path units. networkd-dispatcher is a separate package that few images
 * have, runs all the time, and reports the state of a link, not its lease. No limit on starts: many
 * leases at once, as at boot, are normal.
 */
function renderLeaseUnits(program: string): readonly ConfigFile[] {
  const unitEntries = [
    ["Description", "Routes and rules of NICs that have a lease of systemd-networkd's"],
    ...unitConditions(program),
  ] as const;
  const service = oneshotService(program, "hotplug --from-dhcp --quiet", 30);
  return [
    unitFile("ec2nic-lease.path", [
      { name: "Unit", entries: unitEntries },
      { name: "Path", entries: [["PathChanged", "/run/systemd/netif/leases"]] },
      { name: "Install", entries: [["WantedBy", "paths.target"]] },
    ]),
    unitFile("ec2nic-lease.service", [
      { name: "Unit", entries: [...unitEntries, ["StartLimitIntervalSec", 0]] },
      { ...service, entries: [...service.entries, ["Environment", "EC2NIC_DHCP_CLIENT=networkd"]] },
    ]),
  ];
}
