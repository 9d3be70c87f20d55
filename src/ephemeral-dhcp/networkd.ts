import type { Host } from "../host/host.ts";
import { parseIpv4 } from "../model/ip.ts";
import { macDigits } from "../model/managed-paths.ts";
import { showAddresses } from "./ip-commands.ts";
import { textIn } from "../inspect/links/links.ts";

export type NetworkdHost = Pick<Host, "clock" | "exec" | "files" | "log">;

/** The NIC that networkd shall ask through. */
export interface NetworkdQuestion {
  readonly nic: string;
  readonly mac: string;
  /** On `Clock.now`. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const commandMs = 10_000;
const lookAgainMs = 20;
const releaseMs = 5000;

/** What makes networkd ask. By its name it is the first that matches the link. */
export function networkdPath(mac: string): string {
  return `/run/systemd/network/00-ec2nic-lease-${macDigits(mac)}.network`;
}

/** Why networkd must not be asked about this link; null: it may. What it manages is not ours. */
export async function whyNotNetworkd(
  host: Pick<Host, "files">,
  { nic }: Pick<NetworkdQuestion, "nic">,
): Promise<string | null> {
  if (!/^[\w.-]+$/.test(nic)) return "its name means something else to networkd";
  const state = await adminState(host, nic);
  return state === "unmanaged" ? null : `networkd says it is ${state || "unknown"}`;
}

/**
 * The address that networkd is granted; it puts it on, as it always does, for the moment until it
 * is seen, and is made to let go at once, by which it takes everything off again but a few settings
 * (`settingsOf`). null: none was granted. Seen with systemd 252 and 257.
 */
export async function askNetworkd(
  host: NetworkdHost,
  question: NetworkdQuestion,
): Promise<string | null> {
  const { nic, mac, deadlineMs, signal } = question;
  const path = networkdPath(mac);
  try {
    await host.files.makeFolder("/run/systemd/network", 0o755);
    await host.files.write(path, profile(nic, mac), 0o644);
    await reload(host);
    for (;;) {
      const address = await leasedAddress(host, nic);
      if (address !== null || host.clock.now() >= deadlineMs) return address;
      await host.clock.sleep(lookAgainMs, signal);
    }
  } finally {
    await host.files.remove(path);
    await releaseNetworkd(host, nic);
  }
}

/** Makes networkd see that its file is gone, and waits until it has taken off what it put on. */
export async function releaseNetworkd(host: NetworkdHost, nic: string): Promise<void> {
  await reload(host);
  const endMs = host.clock.now() + releaseMs;
  while (host.clock.now() < endMs && !(await isReleased(host, nic))) {
    await host.clock.sleep(lookAgainMs);
  }
}

/** No routes, no names, no time, no word to the server at the end: an address and nothing else. */
function profile(nic: string, mac: string): string {
  const no = ["Routes", "Gateway", "DNS", "NTP", "SIP", "Domains", "Hostname", "MTU", "Timezone"];
  const uses = no.map((what) => `Use${what}=no\n`).join("");
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
${uses}`;
}

async function reload(host: NetworkdHost): Promise<void> {
  host.log.verbose("runs networkctl reload");
  await host.exec(["networkctl", "reload"], { timeoutMs: commandMs });
}

async function leasedAddress(host: NetworkdHost, nic: string): Promise<string | null> {
  const text = await textIn(host, `/run/systemd/netif/leases/${await indexOf(host, nic)}`);
  return parseIpv4(/^ADDRESS=(.*)$/m.exec(text)?.[1] ?? "");
}

/** Its address is not the one of `scope link`: that is ours. */
async function isReleased(host: NetworkdHost, nic: string): Promise<boolean> {
  if ((await adminState(host, nic)) === "configured") return false;
  if ((await leasedAddress(host, nic)) !== null) return false;
  const { stdout } = await host.exec(showAddresses(nic), { timeoutMs: commandMs });
  const lines = stdout.split("\n").filter((line) => line.includes(" inet "));
  return lines.every((line) => line.includes("scope link"));
}

/** `unmanaged`, `configuring`, `configured`, …; empty where networkd knows no such link. */
async function adminState(host: Pick<Host, "files">, nic: string): Promise<string> {
  const text = await textIn(host, `/run/systemd/netif/links/${await indexOf(host, nic)}`);
  return /^ADMIN_STATE=(.*)$/m.exec(text)?.[1] ?? "";
}

async function indexOf(host: Pick<Host, "files">, nic: string): Promise<string> {
  return (await textIn(host, `/sys/class/net/${nic}/ifindex`)).trim() || "0";
}
