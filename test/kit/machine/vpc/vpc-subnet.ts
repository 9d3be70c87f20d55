import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cidrContains, prefixLength, subnetRouter } from "../../../../src/model/ip.ts";
import type { FullEni } from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Sandbox } from "../sandbox.ts";
import { startDaemon } from "../daemon.ts";
import { linkLocalAddress, linkLocalRouter } from "./ipv6-only.ts";
import { onEveryLink, type VpcHost } from "./vpc-hosts.ts";

/** A subnet: a bridge with the addresses of the router, and dnsmasq for DHCP and router advertisements. */
export interface Subnet {
  readonly bridge: string;
  /** The number of the subnet in the VPC. */
  readonly number: number;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
  /** Whether DHCPv4 answers. */
  readonly hasDhcpv4: boolean;
  /** A host in the subnet. */
  readonly neighbour: VpcHost;
  /** The folder with one file for each DHCP host of dnsmasq. */
  readonly hostsFolder: string;
  readonly logFile: string;
}

export interface SubnetOptions {
  /** Part of the names of the subnet. */
  readonly number: number;
  /** Whether DHCPv4 answers in an IPv6-only subnet. */
  readonly hasDhcpv4InIpv6Only: boolean;
  readonly leaseSeconds: number;
}

/** Creates the subnet of an ENI. */
export async function startSubnet(
  sandbox: Sandbox,
  eni: FullEni,
  { number, hasDhcpv4InIpv6Only, leaseSeconds }: SubnetOptions,
): Promise<Subnet> {
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
  const hasDhcpv4 = ipv4 !== null || hasDhcpv4InIpv6Only;
  const subnet = { bridge, number, ipv4, ipv6, hasDhcpv4, neighbour, hostsFolder, logFile };
  await addBridge(sandbox, subnet, vpcResolver(eni));
  const leases = `--dhcp-leasefile=${join(folder, "leases")}`;
  await startDaemon(sandbox, {
    argv: [
      ...dnsmasq,
      ...ranges(subnet, eni, leaseSeconds),
      leases,
      `--dhcp-hostsdir=${hostsFolder}`,
    ],
    logFile,
    isUp: (output) => output.includes(`read ${hostsFolder}`) || output.includes("started, version"),
  });
  return subnet;
}

/**
 * Sets what DHCP gives to an ENI: its first address of each family, or for IPv4 the address that leads
 * to link-local services only; and a host name of its own, `ip-10-0-1-10`.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-naming.html
 * `leases` are other addresses, as an Outpost gives them.
 */
export function writeDhcpHost(subnet: Subnet, eni: FullEni, leases?: readonly string[]): void {
  const { mac, ipv4, ipv6 } = eni;
  const linkLocal = linkLocalAddress(eni);
  const first4 = linkLocal === null || !subnet.hasDhcpv4 ? ipv4.slice(0, 1) : [linkLocal];
  const first = (leases ?? [...first4, ...ipv6.slice(0, 1)]).map((address) =>
    address.includes(":") ? `[${address}]` : address,
  );
  const path = join(subnet.hostsFolder, mac.replaceAll(":", ""));
  const hostname = ipv4.slice(0, 1).map((address) => `ip-${address.replaceAll(".", "-")}`);
  writeFileSync(path, first.length === 0 ? "" : `${[mac, ...first, ...hostname].join(",")}\n`);
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
 * Leases of EC2 last an hour, and have MTU 9001. DHCPv6 gives no resolver. Router advertisements announce the subnet as on-link
 * without autoconfiguration: addresses come by DHCPv6 (M flag).
 * https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html
 */
function ranges(subnet: Subnet, eni: FullEni, leaseSeconds: number): readonly string[] {
  const { bridge, ipv4, ipv6, hasDhcpv4 } = subnet;
  const lease4 = {
    network: ipv4 ?? linkLocalRouter.network,
    mask: netmask(ipv4 === null ? 32 : prefixLength(ipv4)),
    router: ipv4 === null ? linkLocalRouter.address : subnetRouter(ipv4),
    resolver: ipv4 === null ? onEveryLink.resolver[0] : vpcResolver(eni),
    seconds: leaseSeconds,
  };
  const dhcp4 = hasDhcpv4 ? dhcpv4(lease4) : [];
  const dhcp6 = ipv6 === null ? [] : dhcpv6(ipv6, bridge);
  return [`--interface=${bridge}`, "--except-interface=lo", ...dhcp4, ...dhcp6];
}

interface Lease4 {
  readonly network: string;
  readonly mask: string;
  readonly router: string;
  readonly resolver: string;
  readonly seconds: number;
}

function dhcpv4({ network, mask, router, resolver, seconds }: Lease4): readonly string[] {
  const [base = "", length = ""] = network.split("/");
  return [
    `--dhcp-range=${base},static,${netmask(Number(length))},${seconds}`,
    `--dhcp-option=option:netmask,${mask}`,
    `--dhcp-option=option:router,${router}`,
    `--dhcp-option=option:dns-server,${resolver}`,
    "--dhcp-option=option:domain-name,eu-central-1.compute.internal",
    "--dhcp-option=option:mtu,9001",
  ];
}

function dhcpv6(cidr: string, bridge: string): readonly string[] {
  return [
    "--enable-ra",
    `--ra-param=${bridge},10,1800`,
    `--dhcp-range=${cidr.split("/")[0]},static,${prefixLength(cidr)},3600`,
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
    ...(ipv4 === null ? [`${linkLocalRouter.address}/16 noprefixroute`] : []),
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
