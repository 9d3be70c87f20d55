import type { Machine } from "../machine.ts";

/** A network on the machine that leads to a host in a namespace: a container, or the end of a VPN. */
export interface Peer {
  /** The name of the namespace. */
  readonly name: string;
  /** The bridge on the machine. A veth would count as a NIC, because NICs here are veths. */
  readonly link: string;
  /** The networks on the bridge. */
  readonly networks: readonly string[];
  /** The machine's addresses on the bridge. */
  readonly gateways: readonly string[];
  /** The addresses of the host, by which the host is on the bridge. */
  readonly hosts: readonly string[];
  /** The TTL of its answers, which shows where a packet has arrived. */
  readonly ttl: number;
}

/** The TTL of answers from the VPC: IMDS, the internet, hosts in subnets. */
export const vpcTtl = 64;

/** As docker0: a network outside of the VPC. */
const container: Peer = {
  name: "container",
  link: "docker0",
  networks: ["172.17.0.0/16", "fd17::/64"],
  gateways: ["172.17.0.1/16", "fd17::1/64"],
  hosts: ["172.17.0.2", "fd17::2"],
  ttl: 70,
};

/** A bridge with delegated prefixes of the second ENI (`routedEnis`). */
const pod: Peer = {
  name: "pod",
  link: "br-pod",
  networks: ["10.0.1.64/28", "2600:1f14:ec2:101:1::/80"],
  gateways: ["10.0.1.65/28", "2600:1f14:ec2:101:1::1/80"],
  hosts: ["10.0.1.66", "2600:1f14:ec2:101:1::2"],
  ttl: 80,
};

/** A bridge whose network is a part of the VPC's networks, but of no subnet. */
const bridged: Peer = {
  name: "bridged",
  link: "br-vpc",
  networks: ["10.0.200.0/24", "2600:1f14:ec2:1c8::/64"],
  gateways: ["10.0.200.1/24", "2600:1f14:ec2:1c8::1/64"],
  hosts: ["10.0.200.2", "2600:1f14:ec2:1c8::2"],
  ttl: 90,
};

/** The other end of a VPN's link. */
const vpn: Peer = {
  name: "vpn",
  link: "vpn0",
  networks: ["10.99.0.0/24", "fd99::/64"],
  gateways: ["10.99.0.1/24", "fd99::1/64"],
  hosts: ["10.99.0.2", "fd99::2"],
  ttl: 100,
};

export const peers = { container, pod, bridged, vpn } as const;

/** The VPN's own networks, and a host in each. */
export const vpnNetworks = { 4: "10.88.0.0/16", 6: "fd88::/48" } as const;
export const vpnHosts = { 4: "10.88.0.7", 6: "fd88::7" } as const;

/** Adds the peers and the routes to the VPN's own networks; packets are forwarded, as with Docker. */
export async function addPeers(machine: Machine, remote: readonly string[]): Promise<void> {
  const answered = [...Object.values(vpnHosts), ...remote];
  const script = [
    "set -e",
    "echo 1 >/proc/sys/net/ipv4/ip_forward",
    "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
    ...Object.values(peers).flatMap(peerCommands),
    ...answered.map((address) => `ip -n vpn route add local ${address} dev lo`),
    ...Object.values(vpnNetworks).map((network) => `ip route add ${network} ${viaVpn(network)}`),
  ];
  await machine.run(["sh", "-c", script.join("\n")]);
}

/** The hop of a route into the VPN. */
export function viaVpn(destination: string): string {
  return `via ${vpn.hosts[destination.includes(":") ? 1 : 0]} dev ${vpn.link}`;
}

function peerCommands({ name, link, gateways, hosts, ttl }: Peer): readonly string[] {
  const [length4, length6] = gateways.map((gateway) => gateway.split("/")[1]);
  const [gateway4, gateway6] = gateways.map((gateway) => gateway.split("/")[0]);
  const [host4, host6] = hosts;
  const settings = [
    `echo ${ttl} >/proc/sys/net/ipv4/ip_default_ttl`,
    `echo ${ttl} >/proc/sys/net/ipv6/conf/eth0/hop_limit`,
  ];
  return [
    `ip netns add ${name}`,
    `ip link add ${link} type bridge mcast_snooping 0`,
    `ip address add ${gateways[0]} dev ${link}`,
    `ip address add ${gateways[1]} dev ${link} nodad`,
    `ip link set ${link} up`,
    `ip link add p-${name} type veth peer name eth0 netns ${name}`,
    `ip link set p-${name} master ${link} up`,
    `ip -n ${name} address add ${host4}/${length4} dev eth0`,
    `ip -n ${name} address add ${host6}/${length6} dev eth0 nodad`,
    `ip -n ${name} link set lo up`,
    `ip -n ${name} link set eth0 up`,
    `ip -n ${name} route add default via ${gateway4}`,
    `ip -n ${name} route add default via ${gateway6}`,
    `ip netns exec ${name} sh -ec '${settings.join("; ")}'`,
  ];
}
