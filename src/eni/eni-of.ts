import type { Eni } from "../model/eni.ts";
import { naturalOrder } from "../model/natural-order.ts";
import type { ListedEni } from "./eni-schema.ts";

/** An ENI's folder that is whole (`whyIncomplete`) as the `Eni` it describes. */
export function eniOf({ mac, isPrimary, folder }: ListedEni): Eni {
  const vpcIpv4 = folder["vpc-ipv4-cidr-blocks"] ?? folder["vpc-ipv4-cidr-block"];
  return {
    mac,
    id: folder["interface-id"] ?? "",
    isPrimary,
    deviceNumber: folder["device-number"] ?? 0,
    networkCard: folder["network-card"] ?? 0,
    ipv4: {
      addresses: firstThenSorted(folder["local-ipv4s"]),
      subnets: sorted(folder["subnet-ipv4-cidr-block"]),
      vpcCidrs: sorted(vpcIpv4),
      prefixes: sorted(folder["ipv4-prefix"]),
    },
    ipv6: {
      addresses: firstThenSorted(folder.ipv6s),
      subnets: sorted(folder["subnet-ipv6-cidr-blocks"]),
      vpcCidrs: sorted(folder["vpc-ipv6-cidr-blocks"]),
      prefixes: sorted(folder["ipv6-prefix"]),
    },
  };
}

/** Only the first place means something; the rest must not move files when IMDS shuffles it. */
function firstThenSorted(addresses: readonly string[] = []): readonly string[] {
  return [...addresses.slice(0, 1), ...sorted(addresses.slice(1))];
}

function sorted(texts: readonly string[] = []): readonly string[] {
  return texts.toSorted(naturalOrder);
}
