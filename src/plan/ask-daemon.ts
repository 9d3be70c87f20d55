import type { Activation } from "../net/activation.ts";
import { familyOf } from "../net/address.ts";
import type { Difference } from "../net/difference.ts";
import type { Step } from "../net/network-plan.ts";
import type { ExpectedNic } from "./expected-kernel.ts";

/** What tells which daemon runs DHCP on the NICs, and whether it can be asked. */
export type InCharge = Pick<Activation, "backend" | "renderer" | "isRunning">;

export interface Asked {
  readonly steps: readonly Step[];
  readonly reasons: readonly string[];
  /** The daemon makes everything on this NIC anew: nothing else needs to be done. */
  readonly isAnew: boolean;
}

/** DHCP's first answers take a second, and a daemon waits for none of ours. */
const timeoutMs = 30_000;

/**
 * What DHCP and router advertisements should have brought, asked of the daemon, which alone can
 * bring it; nothing is made up. A NIC that still has an address of its own is in use: only what
 * takes nothing away is asked for it, and a default route alone is never asked for.
 */
export function askDaemon(
  nic: ExpectedNic,
  differences: readonly Difference[],
  inCharge: InCharge,
): Asked {
  const own = differences.filter(({ mac }) => mac === nic.mac);
  const lost = own.flatMap((each) => (each.kind === "address" && each.isLeased ? each.cidr : []));
  const isCutOff = own.some(({ kind }) => kind === "default-route");
  if (lost.length === 0 && !isCutOff) return { steps: [], reasons: [], isAnew: false };
  const missing = lost.map(addressOf);
  const isInUse = nic.addresses.some(
    ({ cidr, isLeased }) => isLeased && !missing.includes(addressOf(cidr)),
  );
  const what = missing.length === 0 ? "its default route" : missing.join(" and ");
  const argv = command(nic.name, { missing, isInUse }, inCharge);
  if (argv === null) {
    return { steps: [], reasons: [whyNot(nic.name, what, inCharge)], isAnew: false };
  }
  const reason = `${nic.name}: only DHCP can bring back ${what}`;
  return { steps: [{ argv, reason, mac: nic.mac, timeoutMs }], reasons: [], isAnew: !isInUse };
}

interface Lost {
  readonly missing: readonly string[];
  readonly isInUse: boolean;
}

/**
 * `networkctl reconfigure` starts anew and drops what the NIC has; `renew` asks DHCPv4's server for
 * the lease again and drops nothing, and DHCPv6 has no such thing. `nmcli device reapply` compares
 * and adds; `up` starts anew.
 */
function command(
  name: string,
  { missing, isInUse }: Lost,
  inCharge: InCharge,
): readonly string[] | null {
  if (missing.length === 0 || !inCharge.isRunning) return null;
  if (isNetworkManager(inCharge)) return ["nmcli", "device", isInUse ? "reapply" : "up", name];
  if (!isInUse) return ["networkctl", "reconfigure", name];
  const isIpv4 = missing.some((address) => familyOf(address) === 4);
  return isIpv4 ? ["networkctl", "renew", name] : null;
}

function whyNot(name: string, what: string, inCharge: InCharge): string {
  const [daemon, command] = isNetworkManager(inCharge)
    ? ["NetworkManager", "nmcli device up"]
    : ["networkd", "networkctl reconfigure"];
  if (!inCharge.isRunning) return `${name}: ${what} is left to DHCP: ${daemon} does not run`;
  return `${name}: ${what} is left to DHCP: asking anew would cut what works (${command} ${name})`;
}

function isNetworkManager({ backend, renderer }: InCharge): boolean {
  return backend === "network-manager" || renderer === "NetworkManager";
}

function addressOf(cidr: string): string {
  return cidr.slice(0, cidr.indexOf("/"));
}
