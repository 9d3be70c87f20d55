import type { LinkState } from "../../model/link.ts";

/** An endpoint of IMDS, and how it is reached. */
export interface ImdsPath {
  readonly endpoint: string;
  readonly via: Via;
}

export type Via =
  /** The kernel's routing. */
  | { readonly kind: "routing" }
  /** Sockets bound to a NIC. `needsLease`: it has no IPv4 address yet, and may get one. */
  | { readonly kind: "nic"; readonly link: LinkState; readonly needsLease: boolean }
  /** systemd-imdsd: a prohibit route may allow only this client. */
  | { readonly kind: "imdsd" };

/** Its name in messages, and its identity: `http://169.254.169.254 through ens6`. */
export function describePath({ endpoint, via }: ImdsPath): string {
  if (via.kind === "routing") return endpoint;
  return `${endpoint} through ${via.kind === "nic" ? via.link.name : "systemd-imdsd"}`;
}

/** The NIC that a path's sockets are bound to; null: none. */
export function pathNic({ via }: ImdsPath): string | null {
  return via.kind === "nic" ? via.link.name : null;
}
