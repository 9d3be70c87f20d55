import { Failure } from "../../exit.ts";
import { parseIpv4 } from "../../model/ip.ts";
import { type DhcpClientName, dhcpClients, type DhcpEvent } from "../../model/dhcp.ts";
import { parseDhcpLease, readLease } from "./parse-lease.ts";

/** The environment variables of a hook script. */
export type HookEnvironment = Readonly<Record<string, string | undefined>>;

/** Our hooks set this variable to the name of the DHCP client that runs them. */
export const clientVariable = "EC2NIC_DHCP_CLIENT";

/** Our hooks set this variable to the client's action if the client passes it as an argument. */
export const actionVariable = "EC2NIC_DHCP_ACTION";

/**
 * The event that a DHCP client's hook reports. networkd has no hooks, so `parseNetworkdLeases`
 * parses its leases. The tests use events of dhclient 4.4.3, dhcpcd 9.4 and 10.1, udhcpc 1.35 and
 * 1.37, and NetworkManager 1.42 and 1.52, recorded in test/unit/plan/lease/dhcp-events. Throws
 * `USAGE` if the client is not recognised, and `DATAERR` if a value is invalid.
 */
export function parseDhcpEvent(env: HookEnvironment): DhcpEvent {
  const client = detectClient(env);
  const dialect = dialects[client];
  const action = env[actionVariable] || env[dialect.action] || "";
  const summary = `${client}: ${quoteWord(action)}`;
  const kind = Object.hasOwn(dialect.kinds, action) ? dialect.kinds[action] : undefined;
  if (kind === undefined) return { kind: "irrelevant", client, summary };
  const nic = readLinkName(client, dialect.nic, env);
  if (kind === "released") {
    return { kind, client, nic, summary, address: parseIpv4(env[dialect.oldAddress ?? ""] ?? "") };
  }
  const lease = readLease(dialect.lease, (name) => env[name] ?? "");
  // NetworkManager's first dhcp4-change has no lease yet; an `up` with the lease follows.
  if (lease.address.text === "") {
    return { kind: "irrelevant", client, summary: `${summary} without an IPv4 address` };
  }
  return { kind, client, nic, lease: parseDhcpLease(client, lease), summary };
}

interface Dialect {
  /** The variable with the action. */
  readonly action: string;
  /** The variable with the link's name. */
  readonly nic: string;
  readonly kinds: Readonly<Record<string, "bound" | "released">>;
  /** The names of the variables that `readLease` reads; an empty list if the client sets none. */
  readonly lease: readonly string[];
  /** The variable with the address of a lost lease; null if the client sets none. */
  readonly oldAddress: string | null;
}

/** ISC's names of the DHCP options, from dhclient-script(8) and dhcpcd-run-hooks(8). */
const iscNames = ["ip_address", "subnet_mask", "routers", "interface_mtu", "dhcp_lease_time"];

const isc = {
  action: "reason",
  nic: "interface",
  lease: iscNames.map((name) => `new_${name}`),
  oldAddress: "old_ip_address",
};

const bound = { BOUND: "bound", RENEW: "bound", REBIND: "bound", REBOOT: "bound" } as const;
const released = { EXPIRE: "released", RELEASE: "released", STOP: "released" } as const;

/**
 * TIMEOUT is left out, because dhclient and dhcpcd then try an old lease that no server has
 * confirmed. NOCARRIER (dhcpcd) is left out, because the link keeps its lease until EXPIRE.
 */
const dialects: Readonly<Record<DhcpClientName, Dialect>> = {
  dhclient: { ...isc, kinds: { ...bound, ...released, FAIL: "released" } },
  dhcpcd: { ...isc, kinds: { ...bound, ...released, NAK: "released", STOPPED: "released" } },
  udhcpc: {
    action: "",
    nic: "interface",
    // `nak` is followed by `deconfig`
    kinds: { bound: "bound", renew: "bound", deconfig: "released" },
    lease: ["ip", "subnet", "router", "mtu", "lease"],
    oldAddress: null,
  },
  // NetworkManager-dispatcher(8); `down` does not give the address of the lost lease
  "network-manager": {
    action: "NM_DISPATCHER_ACTION",
    nic: "DEVICE_IP_IFACE",
    kinds: { up: "bound", "dhcp4-change": "bound", reapply: "bound", down: "released" },
    lease: iscNames.map((name) => `DHCP4_${name.toUpperCase()}`),
    oldAddress: null,
  },
  networkd: { action: "", nic: "", kinds: {}, lease: [], oldAddress: null },
};

/** The client that `clientVariable` names. If it is not set, other variables show the client. */
function detectClient(env: HookEnvironment): DhcpClientName {
  const declared = env[clientVariable];
  const knownClient = dhcpClients.find((client) => client === declared);
  if (knownClient !== undefined) return knownClient;
  if (declared === undefined && env["NM_DISPATCHER_ACTION"] !== undefined) return "network-manager";
  if (declared === undefined && env["reason"] !== undefined && env["interface"] !== undefined) {
    return env["ifflags"] === undefined ? "dhclient" : "dhcpcd";
  }
  const problem =
    declared === undefined
      ? "is not set, so the DHCP client is unknown"
      : `is ${quoteWord(declared)}, which is not a known DHCP client`;
  const hint = `${clientVariable}=${dhcpClients.join("|")} ec2nic hotplug --from-dhcp`;
  throw new Failure("USAGE", `${clientVariable} ${problem}`, { hint });
}

/** A link name that the kernel accepts (dev_valid_name), in printable ASCII. */
function readLinkName(client: DhcpClientName, variable: string, env: HookEnvironment): string {
  const name = env[variable] ?? "";
  const isName = /^[!-~]{1,15}$/.test(name) && !/[/:]/.test(name) && !/^\.{1,2}$/.test(name);
  if (isName) return name;
  throw new Failure("DATAERR", `${client}: ${variable} is not a link's name: ${quoteWord(name)}`);
}

/** Quotes and shortens a word that is not only letters, digits, dashes and underscores. */
function quoteWord(action: string): string {
  return /^[\w-]{1,30}$/.test(action) ? action : JSON.stringify(action.slice(0, 40));
}
