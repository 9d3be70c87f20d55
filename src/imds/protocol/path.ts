import type { LinkState } from "../../model/link.ts";

/** One way to ask IMDS: an endpoint, and how it is reached. */
export interface ImdsPath {
  readonly endpoint: string;
  readonly via: Via;
}

export type Via =
  /** The kernel's own routing. */
  | { readonly kind: "routing" }
  /** A NIC, by sockets bound to it. `needsLease`: it has no address yet, and may get one. */
  | { readonly kind: "nic"; readonly link: LinkState; readonly needsLease: boolean }
  /** systemd's own IMDS client, which may be the only one that is let through. */
  | { readonly kind: "imdsd" };

/** Its name in messages, the same for the same way: `http://169.254.169.254 through ens6`. */
export function describePath({ endpoint, via }: ImdsPath): string {
  if (via.kind === "routing") return endpoint;
  return `${endpoint} through ${via.kind === "nic" ? via.link.name : "systemd-imdsd"}`;
}

/** The NIC a way goes through; null: whichever the kernel, or systemd-imdsd, takes. */
export function pathNic({ via }: ImdsPath): string | null {
  return via.kind === "nic" ? via.link.name : null;
}
