import {
  type Activation,
  type Difference,
  type Step,
  usesNetworkManager,
} from "../../model/plan.ts";
import { macDigits, profileUuid } from "../../model/managed-paths.ts";
import { cidrAddress, familyOf } from "../../model/ip.ts";
import type { ExpectedNic } from "./expected-kernel.ts";

/** Which daemon runs DHCP on the NICs, and whether it runs. */
export type ActiveBackend = Pick<Activation, "backend" | "renderer" | "isRunning">;

export interface DaemonRepair {
  readonly steps: readonly Step[];
  readonly reasons: readonly string[];
  /** The command reconfigures the whole link, so this NIC needs no other repair. */
  readonly resetsLink: boolean;
}

/** DHCP takes a second or more, and none of these commands waits for it. */
const timeoutMs = 30_000;

/**
 * The command that makes the daemon restore leased addresses, which only DHCP and router
 * advertisements can give. No command is used that would interrupt IPv4 that works on the primary.
 */
export function planDaemonRepair(
  nic: ExpectedNic,
  differences: readonly Difference[],
  activeBackend: ActiveBackend,
): DaemonRepair {
  const ownDifferences = differences.filter(({ mac }) => mac === nic.mac);
  const missing = ownDifferences.flatMap((each) =>
    each.kind === "address" && each.isLeased ? cidrAddress(each.cidr) : [],
  );
  if (missing.length === 0) {
    const lacksDefaultRoute = ownDifferences.some(({ kind }) => kind === "default-route");
    return noRepair(lacksDefaultRoute ? [missingRouteReason(nic, activeBackend)] : []);
  }
  const missingAddresses = `${nic.name}: ${missing.join(" and ")}`;
  if (!activeBackend.isRunning) {
    return noRepair([`${missingAddresses}: only DHCP can restore it, and its daemon does not run`]);
  }
  const leased = nic.addresses.filter(({ isLeased }) => isLeased);
  const isInUse = missing.length < leased.length;
  const command = usesNetworkManager(activeBackend)
    ? networkManagerCommand(nic, isInUse)
    : networkdCommand(nic, isInUse && missing.every((address) => familyOf(address) === 6));
  if (command === null) {
    const problem = "only DHCP can restore it, which would interrupt IPv4";
    return noRepair([`${missingAddresses}: ${problem} (networkctl reconfigure ${nic.name})`]);
  }
  const reason = `${missingAddresses} can only be restored by DHCP`;
  const step = { argv: command.argv, reason, mac: nic.mac, timeoutMs };
  return { steps: [step], reasons: [], resetsLink: command.resetsLink };
}

function noRepair(reasons: readonly string[]): DaemonRepair {
  return { steps: [], reasons, resetsLink: false };
}

interface DaemonCommand {
  readonly argv: readonly string[];
  readonly resetsLink: boolean;
}

/**
 * Measured with systemd 252: `reconfigure` removes everything from the link. It restores IPv4 after
 * 35 to 55 ms and IPv6 after 2 to 3 s, with or without `KeepConfiguration=dhcp`. `renew` removes
 * nothing and restores routes, but no address.
 */
function networkdCommand(nic: ExpectedNic, isIpv4InUse: boolean): DaemonCommand | null {
  if (nic.isPrimary && isIpv4InUse) return null;
  return { argv: ["networkctl", "reconfigure", nic.name], resetsLink: true };
}

/**
 * `reapply` changes what differs from the profile; `up` activates our profile again. nmcli(1):
 * `device up` would activate any profile that fits, for example the one that NetworkManager made
 * for the NIC before ours existed.
 */
function networkManagerCommand({ name, mac }: ExpectedNic, isInUse: boolean): DaemonCommand {
  if (isInUse) return { argv: ["nmcli", "device", "reapply", name], resetsLink: false };
  const uuid = profileUuid(macDigits(mac));
  const argv = ["nmcli", "--wait", "20", "connection", "up", "uuid", uuid, "ifname", name];
  return { argv, resetsLink: true };
}

/**
 * Only the primary's default route is checked. It is reported but not restored, because a command
 * at the wrong time does most harm on the primary.
 */
function missingRouteReason({ name }: ExpectedNic, activeBackend: ActiveBackend): string {
  const command = usesNetworkManager(activeBackend) ? "nmcli device reapply" : "networkctl renew";
  return `${name}: only DHCP can restore its default route (${command} ${name})`;
}
