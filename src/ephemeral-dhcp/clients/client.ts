import type { Host } from "../../host/host.ts";
import type { ProcessRecord } from "../journal.ts";

/** A DHCP client that can be used on this machine. It configures nothing that stays. */
export interface LeaseClient {
  readonly name: "udhcpc" | "dhclient" | "dhcpcd" | "networkd";
  readonly listWrites: ListWrites;
  /** Why it must not be used for this NIC; null: it may. */
  readonly findObstacle: (host: Pick<Host, "files">, nic: string) => Promise<string | null>;
  /** Requests an address; null: none was granted. No process of it is left, and no address. */
  readonly request: (host: ClientHost, request: LeaseRequest) => Promise<string | null>;
}

export type ClientHost = Pick<Host, "clock" | "endProcess" | "exec" | "files" | "log">;

export interface LeaseRequest {
  readonly nic: string;
  readonly mac: string;
  /** On `Clock.now`. */
  readonly deadlineMs: number;
  /** Ends the client. */
  readonly signal: AbortSignal;
  /** Called with the client's process, so that another run can end it. */
  readonly onStart: (client: ProcessRecord) => Promise<void>;
}

/** What a client writes that no option prevents: it is put back afterwards. */
export type ListWrites = (nic: string, mac: string) => ClientWrites;

interface ClientWrites {
  /** Files, and settings of the kernel (`sysctlPath`). */
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

const sysctlRoot = "/proc/sys/net";

/** A setting of the kernel for one NIC, such as `ipv6`, `accept_ra`. */
export function sysctlPath(family: "ipv4" | "ipv6", nic: string, setting: string): string {
  return `${sysctlRoot}/${family}/conf/${nic}/${setting}`;
}

/** Whether it is a setting of one link: another link of that name has settings of its own. */
export function isSysctl(path: string): boolean {
  return path.startsWith(`${sysctlRoot}/`);
}
