import type { LinkState } from "../../model/link.ts";

export interface ImdsPath {
  readonly endpoint: string;
  readonly via: Via;
}

export type Via =
  /** The kernel's routing. */
  | { readonly kind: "routing" }
  /** Sockets bound to a NIC. `needsLease`: the NIC must first get a temporary IPv4 address. */
  | { readonly kind: "nic"; readonly link: LinkState; readonly needsLease: boolean }
  /** systemd-imdsd, which reaches IMDS even where a prohibit route stops other programs. */
  | { readonly kind: "imdsd" };

/** The name of a path for messages, which is unique: `http://169.254.169.254 through ens6`. */
export function describePath({ endpoint, via }: ImdsPath): string {
  if (via.kind === "routing") return endpoint;
  return `${endpoint} through ${via.kind === "nic" ? via.link.name : "systemd-imdsd"}`;
}

/** The NIC that the sockets of a path are bound to; null if they are not bound. */
export function pathNic({ via }: ImdsPath): string | null {
  return via.kind === "nic" ? via.link.name : null;
}

/**
 * The time limit for one try, which is longer through systemd-imdsd: imdsd first looks for the right
 * NIC and gets a token of its own, and took up to 3 s on a slow processor (measured with 262.1).
 */
export function tryLimitMs(tryMs: number, { via }: Pick<ImdsPath, "via">): number {
  return via.kind === "imdsd" ? tryMs * imdsdFactor : tryMs;
}

const imdsdFactor = 4;
