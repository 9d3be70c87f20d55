import type { Activation, Difference, Step } from "../../model/plan.ts";
import { familyOf } from "../../model/ip.ts";
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
 * bring it; nothing is made up. The primary is asked for nothing that cuts what still works there.
 */
export function askDaemon(
  nic: ExpectedNic,
  differences: readonly Difference[],
  inCharge: InCharge,
): Asked {
  const nothing = { steps: [], reasons: [], isAnew: false };
  const own = differences.filter(({ mac }) => mac === nic.mac);
  const missing = own.flatMap((each) =>
    each.kind === "address" && each.isLeased ? addressOf(each.cidr) : [],
  );
  if (missing.length === 0) {
    const isCutOff = own.some(({ kind }) => kind === "default-route");
    return isCutOff ? { ...nothing, reasons: [whyNoRoute(nic, inCharge)] } : nothing;
  }
  const what = `${nic.name}: ${missing.join(" and ")}`;
  if (!inCharge.isRunning) {
    return { ...nothing, reasons: [`${what} left to DHCP, and its daemon does not run`] };
  }
  const leased = nic.addresses.filter(({ isLeased }) => isLeased);
  const isInUse = missing.length < leased.length;
  const asked = isNetworkManager(inCharge)
    ? askManager(nic.name, isInUse)
    : askNetworkd(nic, isInUse && missing.every((address) => familyOf(address) === 6));
  if (asked === null) {
    const hint = `networkctl reconfigure ${nic.name}`;
    return { ...nothing, reasons: [`${what} left to DHCP: to ask would cut IPv4 (${hint})`] };
  }
  const reason = `${what} can only come back by DHCP`;
  const step = { argv: asked.argv, reason, mac: nic.mac, timeoutMs };
  return { steps: [step], reasons: [], isAnew: asked.isAnew };
}

interface Question {
  readonly argv: readonly string[];
  readonly isAnew: boolean;
}

/**
 * Seen with systemd 252: `reconfigure` takes everything off the link and puts it back, IPv4 after 35
 * to 55 ms, IPv6 after 2 to 3 s, `KeepConfiguration=dhcp` or not. `renew` takes nothing off and
 * brings routes back, but no address.
 */
function askNetworkd({ name, isPrimary }: ExpectedNic, isIpv4InUse: boolean): Question | null {
  if (isPrimary && isIpv4InUse) return null;
  return { argv: ["networkctl", "reconfigure", name], isAnew: true };
}

/** nmcli(1): `reapply` changes what differs from the profile; `up` starts anew. */
function askManager(name: string, isInUse: boolean): Question {
  return { argv: ["nmcli", "device", isInUse ? "reapply" : "up", name], isAnew: !isInUse };
}

/** Only the primary's is looked for, and that is where a command at the wrong time hurts most. */
function whyNoRoute({ name }: ExpectedNic, inCharge: InCharge): string {
  const ask = isNetworkManager(inCharge) ? "nmcli device reapply" : "networkctl renew";
  return `${name}: its default route is left to DHCP (${ask} ${name})`;
}

/** NetworkManager takes the links up here, by itself or for netplan. */
export function isNetworkManager({
  backend,
  renderer,
}: Pick<InCharge, "backend" | "renderer">): boolean {
  return backend === "network-manager" || renderer === "NetworkManager";
}

function addressOf(cidr: string): string {
  return cidr.slice(0, cidr.indexOf("/"));
}
