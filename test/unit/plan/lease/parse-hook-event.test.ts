import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../../src/exit.ts";
import type { DhcpEvent } from "../../../../src/model/dhcp.ts";
import { parseNetworkdLeases } from "../../../../src/plan/lease/parse-lease.ts";
import {
  type HookEnvironment,
  parseDhcpEvent,
} from "../../../../src/plan/lease/parse-hook-event.ts";
import { adversarialValues } from "../../../kit/facts/adversarial-values.ts";

const folder = join(import.meta.dir, "dhcp-events");
const textOf = (name: string): string => readFileSync(join(folder, name), "utf8");

/**
 * The environment that the real client gave to its hook, recorded in a test machine. Variables
 * without a relation to the lease are removed.
 */
function environmentOf(name: string): HookEnvironment {
  const lines = textOf(`${name}.env`).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

const lease = {
  address: "10.0.1.10",
  subnet: "10.0.1.0/24",
  routers: ["10.0.1.1"],
  mtu: 9001,
  leaseSeconds: 3600,
};
const withoutMtu = { ...lease, mtu: null };
type Outcome = Partial<DhcpEvent>;
const bound: Outcome = { kind: "bound", nic: "ens6", lease };
const irrelevant: Outcome = { kind: "irrelevant" };
const released = (address: string | null): Outcome => ({ kind: "released", nic: "ens6", address });

const table: readonly (readonly [client: string, event: string, outcome: Outcome])[] = [
  ["dhclient", "preinit", irrelevant],
  ["dhclient", "bound", bound],
  ["dhclient", "release", released("10.0.1.10")],
  ["dhcpcd", "carrier", irrelevant],
  ["dhcpcd", "bound", bound],
  ["dhcpcd", "renew", bound],
  ["dhcpcd", "expire", released("10.0.1.10")],
  ["dhcpcd", "stop", released(null)],
  ["udhcpc", "bound", bound],
  ["udhcpc", "deconfig", released(null)],
  ["network-manager", "up", bound],
  ["network-manager", "down", released(null)],
];

/** Other actions of each client, with the recorded environment that the client passes with them. */
const actions: readonly (readonly [
  client: string,
  event: string,
  kind: DhcpEvent["kind"],
  actions: readonly string[],
])[] = [
  ["dhclient", "bound", "bound", ["RENEW", "REBIND", "REBOOT"]],
  ["dhclient", "release", "released", ["EXPIRE", "STOP", "FAIL"]],
  // a lease that no server has confirmed
  ["dhclient", "bound", "irrelevant", ["TIMEOUT", "MEDIUM", ""]],
  ["dhcpcd", "renew", "bound", ["REBIND", "REBOOT"]],
  ["dhcpcd", "expire", "released", ["RELEASE", "NAK", "STOPPED"]],
  // the link keeps its lease until EXPIRE
  ["dhcpcd", "bound", "irrelevant", ["NOCARRIER", "TIMEOUT", "FAIL"]],
  ["udhcpc", "bound", "bound", ["renew"]],
  ["udhcpc", "deconfig", "irrelevant", ["nak", "leasefail"]],
  ["network-manager", "up", "bound", ["dhcp4-change", "reapply"]],
  // the first one has no lease yet
  ["network-manager", "down", "irrelevant", ["dhcp4-change", "pre-down"]],
];

describe("the environments of real clients", () => {
  for (const [client, event, outcome] of table) {
    test(`${client}: ${event} is ${outcome.kind}`, () => {
      const env = environmentOf(`${client}/${event}`);
      const parsed = parseDhcpEvent({ ...env, EC2NIC_DHCP_CLIENT: client });
      expect(parsed).toMatchObject({ client, ...outcome } as object);
    });

    if (client === "udhcpc") continue;
    test(`${client}: the variables of ${event} identify the client`, () => {
      expect(parseDhcpEvent(environmentOf(`${client}/${event}`))).toMatchObject({
        client,
      } as object);
    });
  }

  for (const [client, event, kind, names] of actions) {
    test.each(names)(`${client}: the action "%s" after ${event} is ${kind}`, (action) => {
      const variables = ["reason", "NM_DISPATCHER_ACTION", "EC2NIC_DHCP_ACTION"];
      const recorded = environmentOf(`${client}/${event}`);
      const isAction = (name: string): boolean => variables.includes(name) && name in recorded;
      const changed = variables.filter(isAction).map((name) => [name, action] as const);
      expect(changed).toHaveLength(1);
      const env = { ...recorded, ...Object.fromEntries(changed), EC2NIC_DHCP_CLIENT: client };
      expect(parseDhcpEvent(env).kind).toBe(kind);
    });
  }

  for (const version of [252, 257]) {
    test(`networkd ${version}: the lease file has seconds or a time span`, () => {
      const events = parseNetworkdLeases([
        { nic: "ens6", text: textOf(`networkd/${version}.lease`) },
      ]);
      expect(events).toMatchObject([
        { kind: "irrelevant" },
        { kind: "bound", nic: "ens6", lease: withoutMtu },
      ]);
    });
  }

  test("networkd: the last value of a variable counts, and a lease can be infinite", () => {
    const text = `${textOf("networkd/252.lease")}ADDRESS=10.0.1.11\nLIFETIME=infinity\n`;
    const changed = { ...withoutMtu, address: "10.0.1.11", leaseSeconds: null };
    expect(parseNetworkdLeases([{ nic: "ens6", text }])[1]).toMatchObject({ lease: changed });
  });

  test("networkd without a lease is an event too", () => {
    expect(parseNetworkdLeases([])).toMatchObject([{ kind: "irrelevant", client: "networkd" }]);
  });
});

describe("values from a DHCP server", () => {
  const env = { ...environmentOf("dhclient/bound"), EC2NIC_DHCP_CLIENT: "dhclient" };
  const refused: readonly (readonly [variable: string, value: string, message: string])[] = [
    [
      "new_ip_address",
      "10.0.1.10; reboot",
      'new_ip_address is not an IPv4 address: "10.0.1.10; reboot"',
    ],
    ["new_ip_address", "010.0.1.10", 'new_ip_address is not an IPv4 address: "010.0.1.10"'],
    ["new_subnet_mask", "255.0.255.0", 'new_subnet_mask is not a netmask: "255.0.255.0"'],
    ["new_subnet_mask", "", 'new_subnet_mask is not a netmask: ""'],
    [
      "new_routers",
      "10.0.1.1 $(id)",
      'new_routers is not a list of IPv4 addresses: "10.0.1.1 $(id)"',
    ],
    ["new_interface_mtu", "67", 'new_interface_mtu is not an MTU: "67"'],
    ["new_interface_mtu", "65536", 'new_interface_mtu is not an MTU: "65536"'],
    ["new_dhcp_lease_time", "-1", 'new_dhcp_lease_time is not a number of seconds: "-1"'],
    ["new_dhcp_lease_time", "4294967296", "new_dhcp_lease_time is not a number of seconds"],
    ["interface", "../../etc", 'interface is not a link\'s name: "../../etc"'],
    ["interface", "", 'interface is not a link\'s name: ""'],
    ["interface", "eth0:1", 'interface is not a link\'s name: "eth0:1"'],
    ["interface", "e234567890123456", "interface is not a link's name: e234567890123456"],
    ["new_routers", "\n[Route]", 'new_routers is not a list of IPv4 addresses: "\\n[Route]"'],
  ];
  for (const [variable, value, message] of refused) {
    test(`${variable}=${JSON.stringify(value)} is refused`, () => {
      expect(() => parseDhcpEvent({ ...env, [variable]: value })).toThrow(message);
    });
  }

  test("a long value is shortened in the message", () => {
    expect(() => parseDhcpEvent({ ...env, new_routers: "x".repeat(5000) })).toThrow(/x{40}…"$/);
  });

  test("an infinite lease has leaseSeconds null", () => {
    const forever = { ...env, new_dhcp_lease_time: "4294967295" };
    expect(parseDhcpEvent(forever)).toMatchObject({ lease: { leaseSeconds: null } });
  });

  const variables = Object.keys(env).filter((name) => name !== "reason");
  test("an invalid value of any variable is refused or is not in the lease", () => {
    for (const value of Object.values(adversarialValues).filter((each) => each.trim() !== "")) {
      for (const variable of variables) {
        const outcome = outcomeOf({ ...env, [variable]: value });
        expect(outcome, `${variable}=${value}`).toBeOneOf([
          JSON.stringify(lease),
          "DATAERR",
          "USAGE",
        ]);
      }
    }
  });
});

function outcomeOf(env: HookEnvironment): string {
  try {
    const event = parseDhcpEvent(env);
    return event.kind === "bound" ? JSON.stringify(event.lease) : event.kind;
  } catch (error) {
    return error instanceof Failure ? error.kind : String(error);
  }
}

describe("the client", () => {
  test("an unknown client is refused, and the message names the variable", () => {
    expect(() => parseDhcpEvent({ PATH: "/bin" })).toThrow("EC2NIC_DHCP_CLIENT is not set");
    expect(() => parseDhcpEvent({ EC2NIC_DHCP_CLIENT: "pump" })).toThrow(
      "EC2NIC_DHCP_CLIENT is pump",
    );
  });

  test("a property of the prototype is no event", () => {
    const env = { EC2NIC_DHCP_CLIENT: "udhcpc", EC2NIC_DHCP_ACTION: "constructor" };
    expect(parseDhcpEvent(env)).toMatchObject({ kind: "irrelevant" });
  });
});
