import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cidrContains, prefixLength, subnetRouter } from "../../../../src/model/ip.ts";
import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Sandbox } from "../sandbox.ts";
import { startDaemon } from "../daemon.ts";
import { onEveryLink, type VpcHost } from "./vpc-hosts.ts";

/** A subnet: a bridge with the addresses of the router, and dnsmasq for DHCP and router advertisements. */
export interface Subnet {
  readonly bridge: string;
  /** The number of the subnet in the VPC. */
  readonly number: number;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  /** A host in the subnet. */
  readonly neighbour: VpcHost;
  /** The folder with one file for each DHCP host of dnsmasq. */
  readonly hostsFolder: string;
  readonly logFile: string;
}

/** Creates the subnet of an ENI; its names have `number`. */
export async function startSubnet(sandbox: Sandbox, number: number, eni: FullEni): Promise<Subnet> {
  const bridge = `subnet${number}`;
  const folder = join(sandbox.folder, bridge);
  const hostsFolder = join(folder, "hosts");
  mkdirSync(hostsFolder, { recursive: true });
  const ipv4 = eni.ipv4.length > 0 ? eni.subnetCidr : null;
  const ipv6 = eni.subnetIpv6Cidrs[0] ?? null;
  const neighbour = {
    name: `neighbour in ${ipv4 ?? ipv6}`,
    ipv4: ipv4 === null ? "" : lastAddress(ipv4),
    ipv6: ipv6 === null ? "" : ipv6.replace(/\/\d+$/, "fa"),
  };
  const logFile = join(folder, "dnsmasq.log");
  const subnet = { bridge, number, ipv4, ipv6, neighbour, hostsFolder, logFile };
  await addBridge(sandbox, subnet, vpcResolver(eni));
  const leases = `--dhcp-leasefile=${join(folder, "leases")}`;
  await startDaemon(sandbox, {
    argv: [...dnsmasq, ...ranges(subnet, eni), leases, `--dhcp-hostsdir=${hostsFolder}`],
    logFile,
    isUp: (output) => output.includes(`read ${hostsFolder}`) || output.includes("started, version"),
  });
  return subnet;
}

/** Sets the DHCP addresses of an ENI: its first address of each family. */
export function writeDhcpHost(subnet: Subnet, { mac, ipv4, ipv6 }: FullEni): void {
  const first = [...ipv4.slice(0, 1), ...ipv6.slice(0, 1).map((address) => `[${address}]`)];
  const path = join(subnet.hostsFolder, mac.replaceAll(":", ""));
  writeFileSync(path, first.length === 0 ? "" : `${[mac, ...first].join(",")}\n`);
}

/** Without the configuration of this machine, and without DNS. */
const dnsmasq = [
  "dnsmasq",
  "--keep-in-foreground",
  "--log-facility=-",
  "--log-dhcp",
  "--user=root",
  "--conf-file=/dev/null",
  "--pid-file=",
  "--port=0",
  "--no-resolv",
  "--no-hosts",
  "--no-ping",
  "--bind-interfaces",
  "--dhcp-authoritative",
  "--dhcp-broadcast",
] as const;

/**
 * Leases of AWS last an hour, and have MTU 9001. Router advertisements announce the subnet as on-link
 * without autoconfiguration: addresses come by DHCPv6 (M flag).
 * https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html
 */
function ranges({ bridge, ipv4, ipv6 }: Subnet, eni: FullEni): readonly string[] {
  const dhcp4 = ipv4 === null ? [] : dhcpv4(ipv4, vpcResolver(eni));
  const dhcp6 = ipv6 === null ? [] : dhcpv6(ipv6, bridge, ipv4 === null);
  return [`--interface=${bridge}`, "--except-interface=lo", ...dhcp4, ...dhcp6];
}

function dhcpv4(cidr: string, resolver: string): readonly string[] {
  return [
    `--dhcp-range=${cidr.split("/")[0]},static,${netmask(prefixLength(cidr))},3600`,
    `--dhcp-option=option:router,${subnetRouter(cidr)}`,
    `--dhcp-option=option:dns-server,${resolver}`,
    "--dhcp-option=option:domain-name,eu-central-1.compute.internal",
    "--dhcp-option=option:mtu,9001",
  ];
}

function dhcpv6(cidr: string, bridge: string, isAlone: boolean): readonly string[] {
  const resolver = `--dhcp-option=option6:dns-server,[${onEveryLink.resolver[1]}]`;
  return [
    "--enable-ra",
    `--ra-param=${bridge},10,1800`,
    `--dhcp-range=${cidr.split("/")[0]},static,${prefixLength(cidr)},3600`,
    ...(isAlone ? [resolver] : []),
  ];
}

/** The address base+2 of the first network of the VPC. */
export function vpcResolver(eni: FullEni): string {
  const router = subnetRouter(eni.vpcCidrs[0] ?? "10.0.0.0/16");
  return router.replace(/\d+$/, (last) => String(Number(last) + 1));
}

/**
 * The shared addresses of the VPC are on each bridge, and ARP answers for the addresses of that bridge
 * only (`arp_ignore`), so that a machine does not find an address on the wrong link. `fe80:ec2::1`
 * is a router on every link; it is deprecated so that advertisements have another source.
 */
async function addBridge(sandbox: Sandbox, subnet: Subnet, resolver: string): Promise<void> {
  const { bridge, number, ipv4, ipv6, neighbour } = subnet;
  const onLink = [...onEveryLink.imds, ...onEveryLink.resolver];
  const own4 = ipv4 === null ? [] : [subnetRouter(ipv4), neighbour.ipv4];
  const seen4 = ipv4 !== null && cidrContains(ipv4, resolver) ? [...own4, resolver] : own4;
  const addresses = [
    ...onLink.map((address) => (address.includes(":") ? `${address}/128 nodad` : `${address}/32`)),
    "fe80:ec2::1/64 nodad preferred_lft 0",
    ...seen4.map((address) => `${address}/${prefixLength(ipv4 ?? "")}`),
    ...(ipv6 === null ? [] : [`${neighbour.ipv6}/${prefixLength(ipv6)} nodad`]),
  ];
  const add = (address: string): string =>
    `ip ${address.includes(":") ? "-6" : "-4"} address add dev ${bridge} ${address}`;
  const script = [
    "set -e",
    `ip link add ${bridge} address ${routerMac(number)} type bridge mcast_snooping 0`,
    `ip link set ${bridge} mtu 9001`,
    `echo 0 >/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`,
    `echo 0 >/proc/sys/net/ipv6/conf/${bridge}/accept_dad`,
    `ip link set ${bridge} up`,
    ...addresses.map(add),
  ];
  await sandbox.run(["sh", "-c", script.join("\n")]);
}

/** The same MAC in each VPC: a guest that is restored from a saved state remembers it. */
function routerMac(number: number): string {
  return `06:ec:2a:ff:00:${number.toString(16).padStart(2, "0")}`;
}

function netmask(length: number): string {
  const bits = (0xffff_ffff << (32 - length)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

/** The last host address of a subnet, which ENIs of tests do not use. */
function lastAddress(cidr: string): string {
  const [base = ""] = cidr.split("/");
  const number = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const last = number + 2 ** (32 - prefixLength(cidr)) - 2;
  return [24, 16, 8, 0].map((shift) => (last >>> shift) & 255).join(".");
}
