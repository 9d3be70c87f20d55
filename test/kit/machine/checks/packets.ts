import { type Family, familyOf } from "../../../../src/model/ip.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Machine } from "../machine.ts";
import type { Vpc } from "../vpc/vpc.ts";
import { addressOf } from "../vpc/vpc-hosts.ts";

/** A machine in namespaces or a virtual machine, and the VPC around it. */
export interface PacketPeers {
  readonly sandbox: Sandbox;
  readonly vpc: Vpc;
  readonly machine: Pick<Machine, "exec" | "execInNetworkOf">;
}

/** `out`: the machine sends first; `in`: the host on the side of the VPC. */
export type Direction = "out" | "in";

export interface PacketQuery {
  /** An address of the machine. */
  readonly address: string;
  /** An address on the side of the VPC. */
  readonly host: string;
  readonly direction: Direction;
}

export interface PacketResult extends PacketQuery {
  readonly family: Family;
  readonly nic: string;
  readonly hostName: string;
  readonly ok: boolean;
  /** The error of ping; empty where it was answered. */
  readonly reason: string;
}

/**
 * Sends one echo request between an address of the machine and a host. Null: it is answered within
 * a second; else the error of ping.
 */
export async function packetFailure(
  { sandbox, machine }: Pick<PacketPeers, "sandbox" | "machine">,
  { address, host, direction }: PacketQuery,
): Promise<string | null> {
  const [from, to] = direction === "out" ? [address, host] : [host, address];
  const ping = ["ping", `-${familyOf(to)}`, "-n", "-c", "1", "-W", "1", "-I", from, to];
  const { code, stdout, stderr } =
    direction === "out" ? await machine.exec(ping) : await machine.execInNetworkOf(sandbox, ping);
  if (code === 0) return null;
  const error = `${stderr}${stdout}`
    .split("\n")
    .find((line) => /error|nreach|From|Netw/.test(line));
  return error ?? "no answer within a second";
}

/** Every address of every ENI × every host of the VPC × both directions, at once. */
export async function packetTable(
  instance: PacketPeers,
  isIncluded: (query: PacketQuery) => boolean = () => true,
): Promise<readonly PacketResult[]> {
  const { vpc } = instance;
  const queries = vpc.enis().flatMap(({ nic, ipv4, ipv6 }) =>
    [...ipv4, ...ipv6].flatMap((address) =>
      vpc.hosts().flatMap((host) =>
        (["out", "in"] as const).map((direction) => {
          const family = familyOf(address);
          const to = addressOf(host, family);
          return { nic, family, address, host: to, hostName: host.name, direction };
        }),
      ),
    ),
  );
  const asked = queries.filter((query) => query.host !== "" && isIncluded(query));
  return Promise.all(
    asked.map(async (query) => {
      const reason = await packetFailure(instance, query);
      return { ...query, ok: reason === null, reason: reason ?? "" };
    }),
  );
}

/** The rows that failed, one line each. */
export function failedRows(table: readonly PacketResult[]): readonly string[] {
  return table
    .filter(({ ok }) => !ok)
    .map(({ nic, address, hostName, host, direction, reason }) => {
      const arrow = direction === "out" ? "→" : "←";
      return `${nic} ${address} ${arrow} ${hostName} (${host}): ${reason}`;
    });
}
