import type { Host } from "../../host/host.ts";
import { parseIpv4 } from "../../model/ip.ts";
import { macDigits } from "../../model/managed-paths.ts";
import { readTextOrEmpty } from "../../inspect/read-file.ts";
import { showAddresses } from "../ip-commands.ts";
import { type ClientHost, type LeaseClient, type LeaseRequest, sysctlPath } from "./client.ts";
import { findTimeoutMs } from "./program.ts";

type NetworkdHost = Pick<Host, "clock" | "exec" | "files" | "log">;

const commandMs = 10_000;
const leasePollMs = 20;
const maxReleaseMs = 5000;
const profileDirectory = "/run/systemd/network";

/**
 * systemd-networkd as a client. It gets a file for the NIC, and then adds the leased address to the
 * NIC. As soon as the lease is seen, ec2nic removes the file, and networkd removes what it has
 * added. Only the kernel settings in `listWrites` stay. Tested with systemd 252 and 257.
 */
export const networkd: LeaseClient = {
  name: "networkd",
  // networkd sets `promote_secondaries`, and handles router advertisements instead of the kernel
  listWrites: (nic, mac) => ({
    files: [
      profilePath(mac),
      sysctlPath("ipv4", nic, "promote_secondaries"),
      sysctlPath("ipv6", nic, "accept_ra"),
    ],
    directories: [profileDirectory],
  }),
  findObstacle: async (host, nic) => {
    if (!/^[\w.-]+$/.test(nic)) return "networkd would read its name as a pattern";
    const adminState = await readAdminState(host, nic);
    return adminState === "unmanaged" ? null : `networkd says it is ${adminState || "unknown"}`;
  },
  request: requestLease,
};

/** Whether systemd-networkd runs. */
export async function isNetworkdActive(host: Pick<Host, "exec" | "files">): Promise<boolean> {
  if ((await host.files.stat("/run/systemd/netif")) === null) return false;
  const argv = ["systemctl", "is-active", "--quiet", "systemd-networkd.service"];
  return (await host.exec(argv, { timeoutMs: findTimeoutMs })).code === 0;
}

async function requestLease(
  host: ClientHost,
  { nic, mac, deadlineMs, signal }: LeaseRequest,
): Promise<string | null> {
  const path = profilePath(mac);
  try {
    await host.files.mkdir(profileDirectory, 0o755);
    await host.files.write(path, renderProfile(nic, mac), 0o644);
    await reload(host);
    for (;;) {
      const address = await readLeasedAddress(host, nic);
      if (address !== null || host.clock.now() >= deadlineMs) return address;
      await host.clock.sleep(leasePollMs, signal);
    }
  } finally {
    await host.files.remove(path);
    await releaseNetworkdLease(host, nic);
  }
}

/** Makes networkd read its files again, and waits until networkd has removed the leased address. */
export async function releaseNetworkdLease(host: NetworkdHost, nic: string): Promise<void> {
  await reload(host);
  const endMs = host.clock.now() + maxReleaseMs;
  while (host.clock.now() < endMs && !(await isReleased(host, nic))) {
    await host.clock.sleep(leasePollMs);
  }
}

/** The name sorts before all others, so that networkd uses this file and no other for the link. */
function profilePath(mac: string): string {
  return `${profileDirectory}/00-ec2nic-lease-${macDigits(mac)}.network`;
}

/** Requests an address, but no routes, DNS or NTP. networkd sends no DHCPRELEASE at the end. */
function renderProfile(nic: string, mac: string): string {
  const options = "Routes Gateway DNS NTP SIP Domains Hostname MTU Timezone".split(" ");
  return `# written by ec2nic for a temporary lease; it goes within seconds
[Match]
Name=${nic}
MACAddress=${mac}

[Link]
RequiredForOnline=no

[Network]
DHCP=ipv4
IPv6AcceptRA=no

[DHCPv4]
ClientIdentifier=mac
SendRelease=no
${options.map((option) => `Use${option}=no\n`).join("")}`;
}

async function reload(host: NetworkdHost): Promise<void> {
  host.log.verbose("running networkctl reload");
  await host.exec(["networkctl", "reload"], { timeoutMs: commandMs });
}

/** Whether networkd has removed the leased address. ec2nic's own address has `scope link`. */
async function isReleased(host: NetworkdHost, nic: string): Promise<boolean> {
  if ((await readAdminState(host, nic)) === "configured") return false;
  if ((await readLeasedAddress(host, nic)) !== null) return false;
  const { stdout } = await host.exec(showAddresses(nic), { timeoutMs: commandMs });
  const lines = stdout.split("\n").filter((line) => line.includes(" inet "));
  return lines.every((line) => line.includes("scope link"));
}

/** The state of the link: `unmanaged`, `configuring`, `configured`, …; empty if unknown. */
async function readAdminState(host: Pick<Host, "files">, nic: string): Promise<string> {
  return /^ADMIN_STATE=(.*)$/m.exec(await readStateFile(host, "links", nic))?.[1] ?? "";
}

async function readLeasedAddress(host: NetworkdHost, nic: string): Promise<string | null> {
  return parseIpv4(/^ADDRESS=(.*)$/m.exec(await readStateFile(host, "leases", nic))?.[1] ?? "");
}

async function readStateFile(
  host: Pick<Host, "files">,
  kind: "links" | "leases",
  nic: string,
): Promise<string> {
  const ifindex = (await readTextOrEmpty(host, `/sys/class/net/${nic}/ifindex`)).trim() || "0";
  return readTextOrEmpty(host, `/run/systemd/netif/${kind}/${ifindex}`);
}
