import type * as v from "valibot";
import type { KernelAddress } from "../../model/kernel-state.ts";
import type { addressesSchema } from "./ip-schema.ts";

type IpLink = v.InferOutput<typeof addressesSchema>[number];

/** IFAPROT_…, include/uapi/linux/if_addr.h */
const protocols: Readonly<Record<string, string>> = {
  "0x1": "kernel_lo",
  "0x2": "kernel_ra",
  "0x3": "kernel_ll",
};

/** The addresses of one link of `ip address`. */
export function kernelAddresses({ ifname, addr_info }: IpLink): readonly KernelAddress[] {
  return addr_info.flatMap(({ local, prefixlen, tentative, dadfailed, protocol }) => {
    if (local === undefined) return [];
    return {
      link: ifname,
      address: local,
      prefixLength: prefixlen,
      protocol: protocol === undefined ? null : (protocols[protocol] ?? protocol),
      isUsable: !tentative && !dadfailed,
      isDuplicate: dadfailed,
    };
  });
}
