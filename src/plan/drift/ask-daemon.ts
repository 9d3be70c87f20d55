import {
  type Activation,
  type Difference,
  type Step,
  usesNetworkManager,
} from "../../model/plan.ts";
import { cidrAddress, familyOf } from "../../model/ip.ts";
import type { ExpectedNic } from "./expected-kernel.ts";

/** What tells which daemon runs DHCP on the NICs, and whether it can be asked. */
export type ActiveBackend = Pick<Activation, "backend" | "renderer" | "isRunning">;

export interface DaemonRepair {
  readonly steps: readonly Step[];
  readonly reasons: readonly string[];
  /** The daemon makes everything on this NIC anew: nothing else needs to be done. */
  readonly resetsLink: boolean;
}

/** DHCP's first answers take a second, and a daemon waits for none of ours. */
const timeoutMs = 30_000;

/**
 * What DHCP and router advertisements should have brought, asked of the daemon, which alone can
 * bring it; nothing is made up. The primary is asked for nothing that cuts what still works there.
 */
export function planDaemonRepair(
  nic: ExpectedNic,
  differences: readonly Difference[],
  activeBackend: ActiveBackend,
): DaemonRepair {
  const nothing = { steps: [], reasons: [], resetsLink: false };
  const nicDifferences = differences.filter(({ mac }) => mac === nic.mac);
  const missing = nicDifferences.flatMap((each) =>
    each.kind === "address" && each.isLeased ? cidrAddress(each.cidr) : [],
  );
  if (missing.length === 0) {
    const lacksDefaultRoute = nicDifferences.some(({ kind }) => kind === "default-route");
    return lacksDefaultRoute
      ? { ...nothing, reasons: [missingRouteReason(nic, activeBackend)] }
      : nothing;
  }
  const missingAddresses = `${nic.name}: ${missing.join(" and ")}`;
  if (!activeBackend.isRunning) {
    return {
      ...nothing,
      reasons: [`${missingAddresses}: only DHCP can restore it, and its daemon does not run`],
    };
  }
  const leased = nic.addresses.filter(({ isLeased }) => isLeased);
  const isInUse = missing.length < leased.length;
  const command = usesNetworkManager(activeBackend)
    ? networkManagerCommand(nic.name, isInUse)
    : networkdCommand(nic, isInUse && missing.every((address) => familyOf(address) === 6));
  if (command === null) {
    const hint = `networkctl reconfigure ${nic.name}`;
    return {
      ...nothing,
      reasons: [
        `${missingAddresses}: only DHCP can restore it, which would interrupt IPv4 (${hint})`,
      ],
    };
  }
  const reason = `${missingAddresses} can only be restored by DHCP`;
  const step = { argv: command.argv, reason, mac: nic.mac, timeoutMs };
  return { steps: [step], reasons: [], resetsLink: command.resetsLink };
}

interface DaemonCommand {
  readonly argv: readonly string[];
  readonly resetsLink: boolean;
}

/**
 * Seen with systemd 252: `reconfigure` takes everything off the link and puts it back, IPv4 after 35
 * to 55 ms, IPv6 after 2 to 3 s, `KeepConfiguration=dhcp` or not. `renew` takes nothing off and
 * brings routes back, but no address.
 */
function networkdCommand(
  { name, isPrimary }: ExpectedNic,
  isIpv4InUse: boolean,
): DaemonCommand | null {
  if (isPrimary && isIpv4InUse) return null;
  return { argv: ["networkctl", "reconfigure", name], resetsLink: true };
}

/** nmcli(1): `reapply` changes what differs from the profile; `up` starts anew. */
function networkManagerCommand(name: string, isInUse: boolean): DaemonCommand {
  return { argv: ["nmcli", "device", isInUse ? "reapply" : "up", name], resetsLink: !isInUse };
}

/** Only the primary's is looked for, and that is where a command at the wrong time hurts most. */
function missingRouteReason({ name }: ExpectedNic, activeBackend: ActiveBackend): string {
  const commandName = usesNetworkManager(activeBackend)
    ? "nmcli device reapply"
    : "networkctl renew";
  return `${name}: only DHCP can restore its default route (${commandName} ${name})`;
}
