import type { LinkState } from "../../model/link.ts";

/** One way to ask IMDS: an endpoint, and how it is reached. */
export interface Way {
  readonly endpoint: string;
  readonly through: Through;
}

export type Through =
  /** The kernel's own routing. */
  | { readonly kind: "routing" }
  /** A NIC, by sockets bound to it. `needsLease`: it has no address yet, and may get one. */
  | { readonly kind: "nic"; readonly link: LinkState; readonly needsLease: boolean }
  /** systemd's own IMDS client, which may be the only one that is let through. */
  | { readonly kind: "imdsd" };

/** Its name in messages, the same for the same way: `http://169.254.169.254 through ens6`. */
export function nameOfWay({ endpoint, through }: Way): string {
  if (through.kind === "routing") return endpoint;
  return `${endpoint} through ${through.kind === "nic" ? through.link.name : "systemd-imdsd"}`;
}

/** The NIC a way goes through; null: whichever the kernel, or systemd-imdsd, takes. */
export function nicOf({ through }: Way): string | null {
  return through.kind === "nic" ? through.link.name : null;
}
