import type { OwnBackend } from "../../../test/kit/vm/image/backends.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";

/** A program that configures the NICs of a guest, without another one beside it. */
export interface Peer {
  readonly name: string;
  /** The image, with the program in it; ec2nic is not in images, but on a second disk. */
  readonly backend: OwnBackend;
  /** The executable that becomes /usr/local/bin/ec2nic; null: none. */
  readonly program: string | null;
  /** Does what an admin does once in an image, not what happens at a boot or when a NIC is added. */
  readonly install: (vm: Vm) => Promise<void>;
  /** The pattern of its services for `systemctl list-units`. */
  readonly services: string;
  /** The services that have all ended when its work of a boot with these NICs is done. */
  readonly bootServices: (nics: readonly string[]) => readonly string[];
}
