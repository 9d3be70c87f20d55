import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Machine } from "../machine.ts";
import { sourceCheck } from "./source-check.ts";
import type { Subnet } from "./vpc-subnet.ts";

/** The VPC's end of an ENI: at most 15 characters. */
export function wireName(mac: string): string {
  return `v${mac.replaceAll(":", "")}`;
}

/** What a wire's other end is in: a machine's network, or (a tap) whatever program opens it. */
export type WireEnd = Pick<Machine, "pid"> | "tap";

/** A cable from a machine to a subnet; the NIC's name is as udev gives it on EC2, `ens5` and on. */
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
    // That of a machine that has stopped goes when the kernel comes to it.
    `ip link del ${wire} 2>/dev/null || true`,
    ...ends,
    `ip link set ${wire} master ${bridge}`,
    // No frame goes from one ENI to another: what they say to all is for the router alone.
    `bridge link set dev ${wire} isolated on`,
    `ip link set ${wire} up`,
  ];
  await sandbox.run(["sh", "-c", script.join("\n")]);
}

/**
 * What the VPC knows of an ENI whose wire is there: which packets it may send, and that packets to
 * its addresses and delegated prefixes go to it, whoever answers ARP for them: a machine with two
 * NICs in a subnet answers on both.
 */
export async function routeToEni(sandbox: Sandbox, eni: FullEni, subnet: Subnet): Promise<void> {
  const { bridge } = subnet;
  const wire = wireName(eni.mac);
  await sandbox.run(["nft", "--file", "-"], { stdin: sourceCheck(wire, eni) });
  const neighbours = [...eni.ipv4, ...eni.ipv6].map(
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
    ...via(eni.ipv4Prefixes, eni.ipv4[0]),
    ...via(eni.ipv6Prefixes, eni.ipv6[0]),
  ];
  await sandbox.run(["sh", "-c", script.join("\n")]);
}

/** Forgets an ENI's addresses; nothing is sent to them any more. */
export async function forgetEni(sandbox: Sandbox, eni: FullEni, { bridge }: Subnet): Promise<void> {
  const script = [
    ...[...eni.ipv4Prefixes, ...eni.ipv6Prefixes].map((prefix) => `ip route del ${prefix}`),
    ...[...eni.ipv4, ...eni.ipv6].map((address) => `ip neigh del ${address} dev ${bridge}`),
  ];
  await sandbox.try(["sh", "-c", script.join("\n")]);
}

/** Pulls the cable: both ends are gone, the NIC too. */
export async function removeWire(sandbox: Sandbox, mac: string): Promise<void> {
  await sandbox.run(["ip", "link", "del", wireName(mac)]);
}
