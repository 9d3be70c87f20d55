import type { Host } from "../../host/host.ts";
import type { ProcessRecord } from "../journal.ts";

/** A DHCP client that requests an address and leaves no configuration behind. */
export interface LeaseClient {
  readonly name: "udhcpc" | "dhclient" | "dhcpcd" | "networkd";
  readonly listWrites: ListWrites;
  /** Why the client must not be used for this NIC; null if it can be used. */
  readonly findObstacle: (host: Pick<Host, "files">, nic: string) => Promise<string | null>;
  /**
   * Returns the address that the server granted, or null. Afterwards no process of the client runs,
   * and the NIC has no address from the client.
   */
  readonly request: (host: ClientHost, request: LeaseRequest) => Promise<string | null>;
}

export type ClientHost = Pick<Host, "clock" | "endProcess" | "exec" | "files" | "log">;

export interface LeaseRequest {
  readonly nic: string;
  readonly mac: string;
  /** A time on `Clock.now`. */
  readonly deadlineMs: number;
  /** Ends the client when it fires. */
  readonly signal: AbortSignal;
  /** Records the process of the client, so that another run can end it if this run is killed. */
  readonly onStart: (client: ProcessRecord) => Promise<void>;
}

/** Lists what a client writes although no option requests it. This is restored afterwards. */
export type ListWrites = (nic: string, mac: string) => ClientWrites;

interface ClientWrites {
  /** Files, and kernel settings (`sysctlPath`). */
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

const sysctlRoot = "/proc/sys/net";

/** The path of a kernel setting for one NIC, such as `ipv6`, `accept_ra`. */
export function sysctlPath(family: "ipv4" | "ipv6", nic: string, setting: string): string {
  return `${sysctlRoot}/${family}/conf/${nic}/${setting}`;
}

/** Whether a path is a kernel setting. Each link has its own, even if links have the same name. */
export function isSysctl(path: string): boolean {
  return path.startsWith(`${sysctlRoot}/`);
}
