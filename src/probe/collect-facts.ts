import type { Host } from "../host/host.ts";
import { endpointFamily } from "../imds/protocol/endpoint.ts";
import { splitEndpoint } from "../model/ip.ts";
import { readFirewall } from "./read-firewall.ts";
import { readPathFacts, readRefusals } from "./routes.ts";
import { type LinkState, chooseSource } from "../model/link.ts";
import {
  isReached,
  type MachineFacts,
  type NicFacts,
  type PathFacts,
  type PathProbe,
} from "../model/probe.ts";
import type { LinkProbes } from "./probe-paths.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

/** Everything that a diagnosis depends on. */
export interface ProbeFacts {
  readonly probed: readonly LinkFacts[];
  readonly machine: MachineFacts;
}

/** What is known about a NIC, or (`link` is null) about the kernel's own routing. */
export interface LinkFacts {
  readonly link: LinkState | null;
  readonly nicFacts: NicFacts;
  readonly paths: readonly {
    readonly probe: PathProbe;
    readonly pathFacts: PathFacts;
    /** The NIC's address to send from; null: it has none, or the kernel chooses. */
    readonly source: string | null;
  }[];
}

/**
 * Reads what may be between the NICs and IMDS. To be called right after the probe, because neighbour
 * entries expire. The firewall, and routes that forbid IMDS, are read only if a NIC did not reach it.
 */
export async function collectProbeFacts(
  host: Host,
  probed: readonly LinkProbes[],
): Promise<ProbeFacts> {
  const nics = await Promise.all(probed.map((each) => collectLinkFacts(host, each)));
  const isEveryNicReached = probed.every(({ probes }) => probes.some(isReached));
  const endpoints = probed.flatMap(({ probes }) => probes.map(({ endpoint }) => endpoint));
  const numeric = endpoints.filter((endpoint) => endpointFamily(endpoint) !== null);
  const addresses = new Set(numeric.map((endpoint) => splitEndpoint(endpoint).host));
  const [environment, firewall, refusals] = await Promise.all([
    inspectMachine(host),
    isEveryNicReached ? null : readFirewall(host),
    isEveryNicReached ? [] : Promise.all([...addresses].map((each) => readRefusals(host, each))),
  ]);
  return { probed: nics, machine: { ...environment, firewall, refusals: refusals.flat() } };
}

async function collectLinkFacts(host: Host, { link, probes }: LinkProbes): Promise<LinkFacts> {
  const nic = link?.name ?? null;
  const nicFacts =
    nic === null ? { rpFilter: null, exceeded: null } : await readNicFacts(host, nic);
  const paths = await Promise.all(
    probes.map(async (probe) => {
      const { host: address } = splitEndpoint(probe.endpoint);
      const source = link && (chooseSource(address, link.addresses)?.address ?? null);
      const pathFacts = await readPathFacts(host, { nic, address, source });
      return { probe, pathFacts, source };
    }),
  );
  return { link, nicFacts, paths };
}

type ImdsEnvironment = Pick<MachineFacts, "hasImdsd" | "dhcpClient" | "instanceId" | "uid">;

/** Facts of the whole machine. Reads only. */
async function inspectMachine(host: Pick<Host, "env" | "files" | "uid">): Promise<ImdsEnvironment> {
  const [hasImdsd, dhcpClient, instanceId] = await Promise.all([
    exists(host, "/run/systemd/io.systemd.InstanceMetadata"),
    findDhcpClient(host),
    readInstanceId(host),
  ]);
  return { hasImdsd, dhcpClient, instanceId, uid: host.uid };
}

/** A path that cannot be read counts as absent. */
async function exists({ files }: Pick<Host, "files">, path: string): Promise<boolean> {
  return (await files.stat(path).catch(() => null)) !== null;
}

/** NetworkManager if it runs, else the first DHCP client that is installed. */
async function findDhcpClient(
  host: Pick<Host, "env" | "files">,
): Promise<MachineFacts["dhcpClient"]> {
  if (await exists(host, "/run/NetworkManager")) return ["nmcli", "device", "connect"];
  const directories = (host.env["PATH"] ?? "").split(":").filter((directory) => directory !== "");
  for (const argv of [["dhclient"], ["dhcpcd"], ["udhcpc", "-q", "-i"]]) {
    const paths = directories.map((directory) => `${directory}/${argv[0]}`);
    const found = await Promise.all(paths.map((path) => exists(host, path)));
    if (found.includes(true)) return argv;
  }
  return null;
}

/**
 * On Nitro, the board's asset tag is the instance's id: it is known even if IMDS is not reached.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
 */
async function readInstanceId(host: Pick<Host, "files">): Promise<string | null> {
  const path = "/sys/devices/virtual/dmi/id/board_asset_tag";
  const text = (await readTextOrEmpty(host, path)).trim();
  return /^i-[0-9a-f]{8,17}$/.test(text) ? text : null;
}

/** What else decides on a NIC's packets, apart from routes. A missing file or program is no error. */
async function readNicFacts(host: Pick<Host, "exec" | "files">, nic: string): Promise<NicFacts> {
  const [all, own, exceeded] = await Promise.all([
    readRpFilter(host, "all"),
    readRpFilter(host, nic),
    readExceeded(host, nic),
  ]);
  // ip-sysctl: "The max value from conf/{all,interface}/rp_filter is used"
  return { rpFilter: all === null || own === null ? null : Math.max(all, own), exceeded };
}

async function readRpFilter(host: Pick<Host, "files">, name: string): Promise<number | null> {
  const text = (await readTextOrEmpty(host, `/proc/sys/net/ipv4/conf/${name}/rp_filter`)).trim();
  return /^[012]$/.test(text) ? Number(text) : null;
}

/**
 * The ena driver counts packets to link-local services (IMDS, DNS, NTP) beyond 1024 per second.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-network-performance-ena.html
 */
async function readExceeded(host: Pick<Host, "exec">, nic: string): Promise<number | null> {
  const { code, stdout } = await host.exec(["ethtool", "-S", nic], { timeoutMs: 2000 });
  const count = /^\s*linklocal_allowance_exceeded:\s*(\d+)$/m.exec(stdout)?.[1];
  return code !== 0 || count === undefined ? null : Number(count);
}
