import { join } from "node:path";
import {
  eni as completeEni,
  type EniSpec,
  type FullEni,
} from "../../../../scripts/simulator/scenario/eni-spec.ts";
import type { Scenario } from "../../../../scripts/simulator/scenario/scenario.ts";
import type { Sandbox } from "../sandbox.ts";
import { startDaemon } from "../daemon.ts";
import { type SimulatorControl, startVpcSimulator } from "./simulator-control.ts";
import { type Dropped, droppedAt, throttledAt } from "./source-check.ts";
import { giveAllByDhcpv6 } from "./dhcpv6.ts";
import { inside, resolverNames, onEveryLink, outside, type VpcHost } from "./vpc-hosts.ts";
import { startSubnet, type Subnet, vpcResolver, writeDhcpHost } from "./vpc-subnet.ts";
import { addWire, forgetEni, removeWire, routeToEni, type WireEnd, wireName } from "./vpc-wire.ts";

export interface VpcOptions {
  /** The first is the primary. */
  readonly enis: readonly EniSpec[];
  /** The rest of the scenario of the IMDS simulator. */
  readonly scenario?: Omit<Scenario, "enis">;
  /** Whether DHCPv4 answers in an IPv6-only subnet, as on EC2; default true. */
  readonly hasDhcpv4InIpv6Only?: boolean;
  /**
   * Whether DHCPv6 gives all addresses of an ENI, for 450 seconds, as one transcript shows of EC2;
   * default false: the first address, for an hour.
   */
  readonly hasDhcpv6WithAll?: boolean;
  /** How long leases of DHCPv4 last; default 3600, as on EC2. dnsmasq accepts 120 and more. */
  readonly leaseSeconds?: number;
  /** What DHCP gives to ENIs, by MAC, instead of their first addresses. */
  readonly leases?: Readonly<Record<string, readonly string[]>>;
}

/** An attached ENI. */
export interface AttachedEni extends FullEni {
  /** `ens5` is device 0; sixteen names for each network card. */
  readonly nic: string;
  readonly subnet: Subnet;
}

/** Where a change is made; default: both. */
export interface Sides {
  readonly link?: boolean;
  readonly metadata?: boolean;
}

/** The network around a machine, with IMDS. */
export interface Vpc {
  /** The attached ENIs, by device. */
  readonly enis: () => readonly AttachedEni[];
  readonly eni: (mac: string) => AttachedEni;
  readonly simulator: SimulatorControl;
  /** The hosts: inside, outside, and one in each subnet. */
  readonly hosts: () => readonly VpcHost[];
  /** Adds the NIC of every attached ENI to a machine: `beforeBoot: vpc.plugInto`. */
  readonly plugInto: (end: WireEnd) => Promise<void>;
  /** Attaches an ENI to a running machine. */
  readonly attach: (end: WireEnd, spec: EniSpec, sides?: Sides) => Promise<AttachedEni>;
  /** Detaches an ENI. `lingerMs`: how long IMDS still lists it. */
  readonly detach: (mac: string, sides?: Sides & { readonly lingerMs?: number }) => Promise<void>;
  /** Changes the addresses or prefixes of an attached ENI: `spec` is the complete new ENI. */
  readonly change: (spec: EniSpec, sides?: Sides) => Promise<AttachedEni>;
  /** The packets from an ENI that the source check has dropped. */
  readonly dropped: (mac: string) => Promise<Dropped>;
  /** The number of packets from an ENI to link-local services that were over the limit, and dropped. */
  readonly throttled: (mac: string) => Promise<number>;
}

/** Builds the VPC in the network of the sandbox. */
export async function startVpc(sandbox: Sandbox, options: VpcOptions): Promise<Vpc> {
  const { scenario = {}, enis: specs, hasDhcpv6WithAll = false } = options;
  const { hasDhcpv4InIpv6Only = true, leaseSeconds = 3600 } = options;
  const attached = new Map<string, AttachedEni>();
  const subnets = new Map<string, Promise<Subnet>>();
  await sandbox.run(["sh", "-c", settings]);
  const subnetOf = (eni: FullEni): Promise<Subnet> => {
    const key = [...(eni.ipv4.length > 0 ? [eni.subnetCidr] : []), ...eni.subnetIpv6Cidrs].join();
    const subnetOptions = { number: subnets.size, hasDhcpv4InIpv6Only, leaseSeconds };
    const found = subnets.get(key) ?? startSubnet(sandbox, eni, subnetOptions);
    subnets.set(key, found);
    return found;
  };
  const add = async (spec: EniSpec): Promise<AttachedEni> => {
    const full = completeEni(spec);
    const subnet = await subnetOf(full);
    writeDhcpHost(subnet, full, options.leases?.[full.mac]);
    const made = { ...full, nic: nicName(full), subnet };
    attached.set(full.mac, made);
    return made;
  };
  const get = (mac: string): AttachedEni => {
    const found = attached.get(mac.toLowerCase());
    if (found === undefined) throw new Error(`no ENI ${mac} is attached`);
    return found;
  };
  const lead = async (eni: AttachedEni): Promise<void> => {
    await routeToEni(sandbox, eni, eni.subnet);
    if (hasDhcpv6WithAll) await giveAllByDhcpv6(sandbox, eni, eni.subnet.bridge);
  };
  const plug = async (end: WireEnd, eni: AttachedEni): Promise<void> => {
    await addWire(sandbox, end, { mac: eni.mac, nic: eni.nic, bridge: eni.subnet.bridge });
    await lead(eni);
  };
  const enis = (): readonly AttachedEni[] =>
    [...attached.values()].toSorted((a, b) => a.nic.localeCompare(b.nic, "en", { numeric: true }));
  const first = await Promise.all(specs.map(add));
  const simulator = await startVpcSimulator(sandbox, { ...scenario, enis: [...specs] });
  await startResolver(sandbox, first);
  return {
    enis,
    eni: get,
    simulator,
    hosts: () => [inside, outside, ...new Set(enis().map(({ subnet }) => subnet.neighbour))],
    plugInto: async (end) => {
      for (const each of enis()) await plug(end, each);
    },
    attach: async (end, spec, { link = true, metadata = true } = {}) => {
      const made = await add(spec);
      if (metadata) await simulator.order("attach", spec);
      if (link) await plug(end, made);
      return made;
    },
    detach: async (mac, { link = true, metadata = true, lingerMs } = {}) => {
      const eni = get(mac);
      const linger = lingerMs === undefined ? {} : { lingerMs };
      if (metadata) await simulator.order("detach", { mac: eni.mac, ...linger });
      if (!link) return;
      await removeWire(sandbox, eni.mac);
      await forgetEni(sandbox, eni, eni.subnet);
      attached.delete(eni.mac);
    },
    change: async (spec, { link = true, metadata = true } = {}) => {
      const before = get(completeEni(spec).mac);
      if (metadata) await simulator.order("attach", spec);
      if (!link) return before;
      await forgetEni(sandbox, before, before.subnet);
      const made = await add(spec);
      await lead(made);
      return made;
    },
    dropped: (mac) => droppedAt(sandbox, wireName(get(mac).mac)),
    throttled: (mac) => throttledAt(sandbox, wireName(get(mac).mac)),
  };
}

function nicName({ card = 0, device }: FullEni): string {
  return `ens${5 + card * 16 + device}`;
}

/**
 * The side of the VPC is a router: no reverse path filter, no ARP answers for addresses of other
 * links, and no IPv6 on the ends of wires, which are only ports of a bridge.
 */
const settings = [
  "set -e",
  ...["all", "default"].flatMap((which) => [
    `echo 0 >/proc/sys/net/ipv4/conf/${which}/rp_filter`,
    `echo 1 >/proc/sys/net/ipv4/conf/${which}/arp_ignore`,
  ]),
  "echo 1 >/proc/sys/net/ipv4/ip_forward",
  "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding",
  "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6",
  ...[inside, outside].flatMap(({ ipv4, ipv6 }) => [
    `ip address add ${ipv4}/32 dev lo`,
    `ip address add ${ipv6}/128 dev lo nodad`,
  ]),
  // The services listen on these addresses before a link exists.
  ...Object.values(onEveryLink)
    .flat()
    .map((address) => `ip address add ${address}/${address.includes(":") ? 128 : 32} dev lo`),
].join("\n");

/** Starts the resolver of the VPC: it knows some names, and answers NXDOMAIN for all others. */
async function startResolver(sandbox: Sandbox, enis: readonly FullEni[]): Promise<void> {
  const ipv4 = [...new Set(enis.map(vpcResolver))];
  for (const address of ipv4)
    await sandbox.run(["ip", "address", "add", `${address}/32`, "dev", "lo"]);
  const addresses = [...ipv4, ...onEveryLink.resolver];
  const hosts = Object.entries(resolverNames).map(
    ([name, host]) => `--host-record=${name},${host.ipv4},${host.ipv6}`,
  );
  await startDaemon(sandbox, {
    argv: [...resolver, ...addresses.map((each) => `--listen-address=${each}`), ...hosts],
    logFile: join(sandbox.folder, "resolver.log"),
    isUp: (output) => output.includes("started, version"),
  });
}

const resolver = [
  "dnsmasq",
  "--keep-in-foreground",
  "--log-facility=-",
  "--user=root",
  "--conf-file=/dev/null",
  "--pid-file=",
  "--no-resolv",
  "--no-hosts",
  "--bind-interfaces",
  "--address=/#/",
] as const;
