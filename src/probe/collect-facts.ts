import * as v from "valibot";
import type { ExecHost, FileHost, Host } from "../host/host.ts";
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
import { runIpJson } from "../inspect/kernel/ip-json.ts";
import { readTextOrEmpty } from "../inspect/read-file.ts";

/** All facts that a diagnosis needs. */
export interface ProbeFacts {
  readonly probed: readonly LinkFacts[];
  readonly machine: MachineFacts;
}

/** The facts about a NIC, or about kernel routing if `link` is null. */
export interface LinkFacts {
  readonly link: LinkState | null;
  readonly nicFacts: NicFacts;
  readonly paths: readonly {
    readonly probe: PathProbe;
    readonly pathFacts: PathFacts;
    /** The address that the NIC sends from; null if it has none, or if the kernel chooses. */
    readonly source: string | null;
  }[];
}

/**
 * Reads what can stop packets between the NICs and IMDS. Must run right after the probe, because
 * neighbour entries expire. Reads the firewall, and the routes that forbid IMDS, only if a NIC did
 * not reach IMDS.
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
  const [hasImdsd, dhcpClient, instanceId, firewall, refusals] = await Promise.all([
    exists(host, "/run/systemd/io.systemd.InstanceMetadata"),
    findDhcpClient(host),
    readInstanceId(host),
    isEveryNicReached ? null : readFirewall(host),
    isEveryNicReached ? [] : Promise.all([...addresses].map((each) => readRefusals(host, each))),
  ]);
  const facts = { hasImdsd, dhcpClient, instanceId, uid: host.uid, firewall };
  const routes = {
    refusals: refusals.flatMap((each) => each.refusals),
    remaining: refusals.flatMap((each) => each.remaining),
  };
  return { probed: nics, machine: { ...facts, ...routes } };
}

async function collectLinkFacts(host: Host, { link, probes }: LinkProbes): Promise<LinkFacts> {
  const nic = link?.name ?? null;
  const nicFacts = link === null ? noNicFacts : await readNicFacts(host, link);
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

/** A path that cannot be read counts as absent. */
async function exists({ files }: FileHost, path: string): Promise<boolean> {
  return (await files.stat(path).catch(() => null)) !== null;
}

/** The command that requests an address: of NetworkManager if it runs, else of the first client. */
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
 * The instance id, even if IMDS is not reached: on Nitro, it is the asset tag of the board.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
 */
async function readInstanceId(host: FileHost): Promise<string | null> {
  const path = "/sys/devices/virtual/dmi/id/board_asset_tag";
  const text = (await readTextOrEmpty(host, path)).trim();
  return /^i-[0-9a-f]{8,17}$/.test(text) ? text : null;
}

/** Facts other than routes that decide about a NIC's packets; null if a file or program is missing. */
async function readNicFacts(
  host: Pick<Host, "exec" | "files">,
  { name: nic, isUp }: LinkState,
): Promise<NicFacts> {
  const [all, own, exceeded, keptAddresses] = await Promise.all([
    readRpFilter(host, "all"),
    readRpFilter(host, nic),
    readExceeded(host, nic),
    isUp ? null : readKeptAddresses(host, nic),
  ]);
  // ip-sysctl: "The max value from conf/{all,interface}/rp_filter is used"
  const rpFilter = all === null || own === null ? null : Math.max(all, own);
  return { rpFilter, exceeded, keptAddresses };
}

const noNicFacts: NicFacts = { rpFilter: null, exceeded: null, keptAddresses: null };

const addressesSchema = v.array(
  v.object({ addr_info: v.optional(v.array(v.object({ local: v.optional(v.string()) })), []) }),
);

/** A NIC that is down keeps its IPv4 addresses, which only `ip` shows. */
async function readKeptAddresses(host: ExecHost, nic: string): Promise<readonly string[] | null> {
  const { value } = await runIpJson(host, ["address", "show", "dev", nic], addressesSchema);
  const found = value?.flatMap((each) => each.addr_info.flatMap(({ local }) => local ?? []));
  return found ?? null;
}

async function readRpFilter(host: FileHost, name: string): Promise<number | null> {
  const text = (await readTextOrEmpty(host, `/proc/sys/net/ipv4/conf/${name}/rp_filter`)).trim();
  return /^[012]$/.test(text) ? Number(text) : null;
}

/**
 * The number of dropped packets to link-local services (IMDS, DNS, NTP), beyond 1024 per second.
 * The ena driver counts them.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-network-performance-ena.html
 */
async function readExceeded(host: ExecHost, nic: string): Promise<number | null> {
  const { code, stdout } = await host.exec(["ethtool", "-S", nic], { timeoutMs: 2000 });
  const count = /^\s*linklocal_allowance_exceeded:\s*(\d+)$/m.exec(stdout)?.[1];
  return code !== 0 || count === undefined ? null : Number(count);
}
