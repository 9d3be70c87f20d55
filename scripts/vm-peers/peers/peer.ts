import type { OwnBackend } from "../../../test/kit/vm/image/backends.ts";
import type { Vm } from "../../../test/kit/vm/vm.ts";

/** Whoever configures the NICs of a guest, alone. */
export interface Peer {
  readonly name: string;
  /** With all of it in place, but `ec2nic`, which is not in images: on a disk of its own. */
  readonly backend: OwnBackend;
  /** Becomes /usr/local/bin/ec2nic; null: none. */
  readonly program: string | null;
  /** What an admin does once in an image; not what happens at a boot, or when a NIC comes. */
  readonly install: (vm: Vm) => Promise<void>;
  /** Its services, as `systemctl list-units` takes them. */
  readonly services: string;
  /** Those of its services whose ends are the end of its work at a boot with these NICs. */
  readonly bootServices: (nics: readonly string[]) => readonly string[];
}
