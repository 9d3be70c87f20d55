import { Failure } from "../../exit.ts";
import { parseIpv4 } from "../../model/ip.ts";
import { type DhcpClientName, dhcpClients, type DhcpEvent } from "../../model/dhcp.ts";
import { type GivenLease, parseDhcpLease } from "./parse-lease.ts";

/** The environment of a hook. */
export type HookEnvironment = Readonly<Record<string, string | undefined>>;

/** The client that calls, said by our hooks. */
export const clientVariable = "EC2NIC_DHCP_CLIENT";

/** What it does, where it says so in an argument and not in its environment. */
export const actionVariable = "EC2NIC_DHCP_ACTION";

/**
 * What a DHCP client tells the hook that runs us. networkd tells nothing: see `networkdEvents`.
 * Seen with dhclient 4.4.3, dhcpcd 9.4 and 10.1, udhcpc 1.35 and 1.37, NetworkManager 1.42 and 1.52:
 * test/plan/dhcp-events. Throws `USAGE` where no client can be recognised, `DATAERR` for a value that
 * is not what it should be.
 */
export function parseDhcpEvent(env: HookEnvironment): DhcpEvent {
  const client = clientOf(env);
  const { action, nic: nicVariable, kinds, given, oldAddress } = dialects[client];
  const word = env[actionVariable] || env[action] || "";
  const why = `${client}: ${shown(word)}`;
  const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
  if (kind === undefined) return { kind: "irrelevant", client, why };
  const nic = nicOf(client, nicVariable, env);
  if (kind === "released") {
    return { kind, client, nic, why, address: parseIpv4(env[oldAddress ?? ""] ?? "") };
  }
  const lease = given(env);
  // NetworkManager's first dhcp4-change comes before it knows its own lease; `up` follows.
  if (lease.address.text === "") {
    return { kind: "irrelevant", client, why: `${why} without an IPv4 address` };
  }
  return { kind, client, nic, lease: parseDhcpLease(client, lease), why };
}

type Kinds = Readonly<Record<string, "bound" | "released">>;

interface Dialect {
  /** The variable that says what happened. */
  readonly action: string;
  readonly nic: string;
  readonly kinds: Kinds;
  readonly given: (env: HookEnvironment) => GivenLease;
  /** Of the lease that is lost; null: it is not told. */
  readonly oldAddress: string | null;
}

/** The names that ISC's client gave to DHCP's options. dhclient-script(8), dhcpcd-run-hooks(8) */
const iscNames = ["ip_address", "subnet_mask", "routers", "interface_mtu", "dhcp_lease_time"];

const isc = {
  action: "reason",
  nic: "interface",
  given: namesOf(iscNames.map((name) => `new_${name}`)),
  oldAddress: "old_ip_address",
};

const bound = { BOUND: "bound", RENEW: "bound", REBIND: "bound", REBOOT: "bound" } as const;
const lost = { EXPIRE: "released", RELEASE: "released", STOP: "released" } as const;

/**
 * Left out: TIMEOUT, by which both try an old lease that no server has confirmed. A link without
 * carrier (dhcpcd's NOCARRIER) has its lease still; where it loses it, EXPIRE follows.
 */
const dialects: Readonly<Record<DhcpClientName, Dialect>> = {
  dhclient: { ...isc, kinds: { ...bound, ...lost, FAIL: "released" } },
  dhcpcd: { ...isc, kinds: { ...bound, ...lost, NAK: "released", STOPPED: "released" } },
  udhcpc: {
    action: "",
    nic: "interface",
    // `nak` is followed by `deconfig`
    kinds: { bound: "bound", renew: "bound", deconfig: "released" },
    given: namesOf(["ip", "subnet", "router", "mtu", "lease"]),
    oldAddress: null,
  },
  // NetworkManager-dispatcher(8); `down` tells nothing of the lease that is gone
  "network-manager": {
    action: "NM_DISPATCHER_ACTION",
    nic: "DEVICE_IP_IFACE",
    kinds: { up: "bound", "dhcp4-change": "bound", reapply: "bound", down: "released" },
    given: namesOf(iscNames.map((name) => `DHCP4_${name.toUpperCase()}`)),
    oldAddress: null,
  },
  networkd: {
    action: "",
    nic: "",
    kinds: {},
    given: namesOf([]),
    oldAddress: null,
  },
};

function namesOf(names: readonly string[]): (env: HookEnvironment) => GivenLease {
  const [address = "", mask = "", routers = "", mtu = "", seconds = ""] = names;
  return (env) => {
    const given = (name: string) => ({ name, text: env[name] ?? "" });
    return {
      address: given(address),
      mask: given(mask),
      routers: given(routers),
      mtu: given(mtu),
      seconds: given(seconds),
    };
  };
}

/** As our hooks say; else by what only one of them sets. */
function clientOf(env: HookEnvironment): DhcpClientName {
  const said = env[clientVariable];
  const named = dhcpClients.find((client) => client === said);
  if (named !== undefined) return named;
  if (said === undefined && env["NM_DISPATCHER_ACTION"] !== undefined) return "network-manager";
  if (said === undefined && env["reason"] !== undefined && env["interface"] !== undefined) {
    return env["ifflags"] === undefined ? "dhclient" : "dhcpcd";
  }
  const what = said === undefined ? "is not set" : `is ${shown(said)}`;
  const hint = `${clientVariable}=${dhcpClients.join("|")} ec2nic hotplug --from-dhcp`;
  throw new Failure("USAGE", `no DHCP client's hook: ${clientVariable} ${what}`, { hint });
}

/** A name that the kernel takes for a link (dev_valid_name), of printable ASCII. */
function nicOf(client: DhcpClientName, variable: string, env: HookEnvironment): string {
  const name = env[variable] ?? "";
  const isName = /^[!-~]{1,15}$/.test(name) && !/[/:]/.test(name) && !/^\.{1,2}$/.test(name);
  if (isName) return name;
  throw new Failure("DATAERR", `${client}: ${variable} is no link's name: ${shown(name)}`);
}

/** Words of a client are letters and dashes; what is not is shown as what it is. */
function shown(word: string): string {
  return /^[\w-]{1,30}$/.test(word) ? word : JSON.stringify(word.slice(0, 40));
}
