import { mustRun } from "../../machine/command.ts";
import type { FarSide } from "./far-side.ts";
import { farSpace, type NicSpec, routerOf } from "./nic-spec.ts";

/** The name of the far end of each NIC, in its own network. */
export const farEnd = "far";

export interface PlugOptions {
  readonly spec: NicSpec;
  readonly far: FarSide;
  /** Counts from 0; it decides the MAC and the metric of the default route. */
  readonly position: number;
  /** An argv that runs a command in the instance. */
  readonly enter: (argv: readonly string[]) => readonly string[];
}

/** Adds a NIC with its addresses and routes; both ends are up. */
export async function plug({ spec, far, position, enter }: PlugOptions): Promise<void> {
  const { name } = spec;
  const mac = spec.mac ?? `06:ec:2b:00:00:${(position + 1).toString(16).padStart(2, "0")}`;
  const pair = `type veth peer name ${farEnd} netns ${farSpace(name)}`;
  await mustRun(enter(["ip", "link", "add", name, "address", mac, ...pair.split(" ")]));
  const batch = ["ip", "-batch", "-"];
  await mustRun(far.enter(batch), { stdin: farLines(spec).join("\n") });
  await mustRun(enter(batch), { stdin: nearLines(spec, 100 + position).join("\n") });
}

function farLines({ ipv4, ipv6, imds }: NicSpec): readonly string[] {
  const routers = [ipv4, ipv6].flatMap((address) => (address === undefined ? [] : [address]));
  return [
    `link set ${farEnd} up`,
    `address add fe80::1/64 dev ${farEnd} nodad`,
    ...routers.map((address) => `address add ${routerOf(address)} dev ${farEnd}${noDad(address)}`),
    // on the link, too: neighbour discovery is answered only for addresses of the link
    ...(imds === "absent" ? [] : [`address add fd00:ec2::254/128 dev ${farEnd} nodad`]),
  ];
}

function nearLines(spec: NicSpec, metric: number): readonly string[] {
  const { name, ipv4, ipv6, defaultRoute = false } = spec;
  const own = [ipv4, ipv6].flatMap((address) => (address === undefined ? [] : [address]));
  const gateways = own.map((address) =>
    address.includes(":") ? "fe80::1" : routerOf(address).replace(/\/.*/, ""),
  );
  return [
    `link set ${name} up`,
    ...own.map((address) => `address add ${address} dev ${name}${noDad(address)}`),
    ...(defaultRoute ? gateways : []).map(
      (gateway) => `route append default via ${gateway} dev ${name} metric ${metric}`,
    ),
  ];
}

function noDad(address: string): string {
  return address.includes(":") ? " nodad" : "";
}
