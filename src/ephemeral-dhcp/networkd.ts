import type { Host } from "../host/host.ts";
import { parseIpv4 } from "../model/ip.ts";
import { macDigits } from "../model/managed-paths.ts";
import { showAddresses } from "./ip-commands.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

export type NetworkdHost = Pick<Host, "clock" | "exec" | "files" | "log">;

/** The NIC that networkd shall ask through. */
export interface NetworkdRequest {
  readonly nic: string;
  readonly mac: string;
  /** On `Clock.now`. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const commandMs = 10_000;
const leasePollMs = 20;
const maxReleaseMs = 5000;

/** What makes networkd ask. By its name it is the first that matches the link. */
export function networkdProfilePath(mac: string): string {
  return `/run/systemd/network/00-ec2nic-lease-${macDigits(mac)}.network`;
}

/** Why networkd must not be asked about this link; null: it may. What it manages is not ours. */
export async function findNetworkdObstacle(
  host: Pick<Host, "files">,
  { nic }: Pick<NetworkdRequest, "nic">,
): Promise<string | null> {
  if (!/^[\w.-]+$/.test(nic)) return "its name means something else to networkd";
  const adminState = await readAdminState(host, nic);
  return adminState === "unmanaged" ? null : `networkd says it is ${adminState || "unknown"}`;
}

/**
 * The address that networkd is granted; it puts it on, as it always does, for the moment until it
 * is seen, and is made to let go at once, by which it takes everything off again but a few settings
 * (`settingsOf`). null: none was granted. Seen with systemd 252 and 257.
 */
export async function requestNetworkdLease(
  host: NetworkdHost,
  request: NetworkdRequest,
): Promise<string | null> {
  const { nic, mac, deadlineMs, signal } = request;
  const path = networkdProfilePath(mac);
  try {
    await host.files.mkdir("/run/systemd/network", 0o755);
    await host.files.write(path, renderProfile(nic, mac), 0o644);
    await reloadNetworkd(host);
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

/** Makes networkd see that its file is gone, and waits until it has taken off what it put on. */
export async function releaseNetworkdLease(host: NetworkdHost, nic: string): Promise<void> {
  await reloadNetworkd(host);
  const endMs = host.clock.now() + maxReleaseMs;
  while (host.clock.now() < endMs && !(await isReleased(host, nic))) {
    await host.clock.sleep(leasePollMs);
  }
}

/** No routes, no names, no time, no word to the server at the end: an address and nothing else. */
function renderProfile(nic: string, mac: string): string {
  const unusedOptions = [
    "Routes",
    "Gateway",
    "DNS",
    "NTP",
    "SIP",
    "Domains",
    "Hostname",
    "MTU",
    "Timezone",
  ];
  const disablingLines = unusedOptions.map((what) => `Use${what}=no\n`).join("");
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
${disablingLines}`;
}

async function reloadNetworkd(host: NetworkdHost): Promise<void> {
  host.log.verbose("runs networkctl reload");
  await host.exec(["networkctl", "reload"], { timeoutMs: commandMs });
}

async function readLeasedAddress(host: NetworkdHost, nic: string): Promise<string | null> {
  const text = await readTextOrEmpty(
    host,
    `/run/systemd/netif/leases/${await readIfindex(host, nic)}`,
  );
  return parseIpv4(/^ADDRESS=(.*)$/m.exec(text)?.[1] ?? "");
}

/** Its address is not the one of `scope link`: that is ours. */
async function isReleased(host: NetworkdHost, nic: string): Promise<boolean> {
  if ((await readAdminState(host, nic)) === "configured") return false;
  if ((await readLeasedAddress(host, nic)) !== null) return false;
  const { stdout } = await host.exec(showAddresses(nic), { timeoutMs: commandMs });
  const lines = stdout.split("\n").filter((line) => line.includes(" inet "));
  return lines.every((line) => line.includes("scope link"));
}

/** `unmanaged`, `configuring`, `configured`, …; empty where networkd knows no such link. */
async function readAdminState(host: Pick<Host, "files">, nic: string): Promise<string> {
  const text = await readTextOrEmpty(
    host,
    `/run/systemd/netif/links/${await readIfindex(host, nic)}`,
  );
  return /^ADMIN_STATE=(.*)$/m.exec(text)?.[1] ?? "";
}

async function readIfindex(host: Pick<Host, "files">, nic: string): Promise<string> {
  return (await readTextOrEmpty(host, `/sys/class/net/${nic}/ifindex`)).trim() || "0";
}
