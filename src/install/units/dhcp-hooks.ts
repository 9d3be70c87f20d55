import { type DhcpHookFacts, udhcpcHookPath } from "../../model/dhcp.ts";
import { managedMark } from "../../model/managed-paths.ts";
import type { ConfigFile } from "../../model/plan.ts";
import { oneshotService, requirePlainPath, textFile, unitConditions, unitFile } from "./unit.ts";

/**
 * The hooks by which the DHCP clients of a machine run `hotplug --from-dhcp`. The environment
 * contains the values of a lease, and no hook expands one of these. No hook replaces a file of
 * another package, even if a client has only one file for hooks. `program` is the absolute path of
 * the executable. Throws `RangeError` if a shell or systemd would split that path.
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

/** The actions that concern a lease. For other actions, the hooks do not start the program. */
const eventPatterns = {
  dhclient: "BOUND|RENEW|REBIND|REBOOT|EXPIRE|FAIL|RELEASE|STOP",
  dhcpcd: "BOUND|RENEW|REBIND|REBOOT|EXPIRE|NAK|RELEASE|STOP|STOPPED",
  udhcpc: "bound|renew|deconfig",
  // the first `dhcp4-change` of a connection comes before the lease, `up` comes with it
  "network-manager": "up|dhcp4-change|reapply|down",
} as const;

const title = `# ${managedMark}: routes and rules of a NIC that has a lease`;

/**
 * dhclient-script(8) and dhcpcd-run-hooks(8) source these files, so the files must not exit, fail
 * or set a variable.
 */
function sourcedHook(path: string, client: "dhclient" | "dhcpcd", program: string): ConfigFile {
  return textFile(path, [title, ...callLines(client, "reason", program)]);
}

/**
 * udhcpc has a single script, which belongs to its package (a conffile in Debian) and is not
 * changed. The admin must run udhcpc with `-s` and the path of this script.
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

/** The file must be executable and writable by root only (NetworkManager-dispatcher(8)). */
function dispatcherScript(directory: string, program: string): ConfigFile {
  const lines = ["#!/bin/sh", title, ...callLines("network-manager", "2", program)];
  return textFile(`${directory}/90-ec2nic`, lines, 0o755);
}

/** `action` is the name of the shell variable that contains the client's action. */
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
 * networkd has no hook, but renames a file into place for each lease. A path unit notices that, and
 * every systemd has path units. networkd-dispatcher is not used: few images have this package, it
 * runs all the time, and it reports the state of a link, not its lease. The service has no start
 * limit, because many leases at the same time are normal at boot.
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
