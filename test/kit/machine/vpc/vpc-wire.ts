import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Machine } from "../machine.ts";
import { linkLocalAddress } from "./ipv6-only.ts";
import { sourceCheck } from "./source-check.ts";
import type { Subnet } from "./vpc-subnet.ts";

/** The name of the VPC's end of an ENI: 13 characters (the limit is 15). */
export function wireName(mac: string): string {
  return `v${mac.replaceAll(":", "")}`;
}

/** Where the other end of a wire is: the network of a machine, or a tap, which QEMU opens. */
export type WireEnd = Pick<Machine, "pid"> | "tap";

/** Connects a machine to a subnet; the NIC has the name that udev gives it on EC2, `ens5` and on. */
export async function addWire(
  sandbox: Sandbox,
  end: WireEnd,
  { mac, nic, bridge }: { readonly mac: string; readonly nic: string; readonly bridge: string },
): Promise<void> {
  const wire = wireName(mac);
  const ends =
    end === "tap"
      ? [`ip tuntap add dev ${wire} mode tap`, `ip link set ${wire} mtu 9001`]
      : [
          `ip link add ${wire} mtu 9001 type veth peer name ${nic} address ${mac} mtu 9001 netns ${end.pid}`,
        ];
  const script = [
    "set -e",
    // The kernel removes the wire of a stopped machine with a delay.
    `ip link del ${wire} 2>/dev/null || true`,
    ...ends,
    `ip link set ${wire} master ${bridge}`,
    // The VPC answers ARP itself, from the entries of `routeToEni`, with the MAC of the ENI. ENIs of a
    // subnet reach each other, but no broadcast of one reaches another.
    `ip link set dev ${wire} type bridge_slave proxy_arp_wifi on learning off flood off bcast_flood off`,
    `ip link set ${wire} up`,
  ];
  await sandbox.run(["sh", "-c", script.join("\n")]);
}

/**
 * Sets the source check and the routes of an ENI. Packets to its addresses and delegated prefixes go
 * to it without ARP, because a machine with two NICs in a subnet answers ARP on both.
 */
export async function routeToEni(sandbox: Sandbox, eni: FullEni, subnet: Subnet): Promise<void> {
  const { bridge } = subnet;
  const wire = wireName(eni.mac);
  await sandbox.run(["nft", "--file", "-"], { stdin: sourceCheck(wire, eni) });
  const linkLocal = linkLocalAddress(eni);
  const own = linkLocal === null ? [] : [linkLocal];
  const neighbours = [...eni.ipv4, ...own, ...eni.ipv6].map(
    (address) => `ip neigh replace ${address} lladdr ${eni.mac} dev ${bridge} nud permanent`,
  );
  const via = (prefixes: readonly string[], first: string | undefined): readonly string[] =>
    first === undefined
      ? []
      : prefixes.map((prefix) => `ip route replace ${prefix} via ${first} dev ${bridge}`);
  const script = [
    "set -e",
    `bridge fdb replace ${eni.mac} dev ${wire} master static`,
    ...neighbours,
    ...own.map((address) => `ip route replace ${address} dev ${bridge}`),
    ...via(eni.ipv4Prefixes, eni.ipv4[0]),
    ...via(eni.ipv6Prefixes, eni.ipv6[0]),
  ];
  await sandbox.run(["sh", "-c", script.join("\n")]);
}

/** Removes the routes to the addresses of an ENI. */
export async function forgetEni(sandbox: Sandbox, eni: FullEni, { bridge }: Subnet): Promise<void> {
  const linkLocal = linkLocalAddress(eni);
  const own = linkLocal === null ? [] : [linkLocal];
  const script = [
    ...[...own, ...eni.ipv4Prefixes, ...eni.ipv6Prefixes].map((prefix) => `ip route del ${prefix}`),
    ...[...eni.ipv4, ...own, ...eni.ipv6].map((address) => `ip neigh del ${address} dev ${bridge}`),
  ];
  await sandbox.try(["sh", "-c", script.join("\n")]);
}

/** Removes both ends of the wire, and so the NIC. */
export async function removeWire(sandbox: Sandbox, mac: string): Promise<void> {
  await sandbox.run(["ip", "link", "del", wireName(mac)]);
}
