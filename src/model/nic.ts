import type { Eni } from "./eni.ts";
import type { Link } from "./link.ts";

/** The matched pair: an ENI and the link that is it here. */
export interface Nic {
  readonly eni: Eni;
  /** null: IMDS knows the ENI, the kernel does not show it (yet). */
  readonly link: Link | null;
}
