import type { Eni, EniFamily } from "../../../src/model/eni.ts";
import type { Link } from "../../../src/model/link.ts";

const none: EniFamily = { addresses: [], subnets: [], vpcCidrs: [], prefixes: [] };

/** The ENI at a device number; number 0 is the primary. `10.0.N.0/24`, one address. */
export function eniAt(deviceNumber: number, changes: Partial<Eni> = {}): Eni {
  return {
    mac: macAt(deviceNumber),
    id: `eni-${deviceNumber}`,
    isPrimary: deviceNumber === 0,
    deviceNumber,
    networkCard: 0,
    ipv4: {
      ...none,
      addresses: [`10.0.${deviceNumber}.10`],
      subnets: [`10.0.${deviceNumber}.0/24`],
    },
    ipv6: none,
    ...changes,
  };
}

/** The addresses of a family, in one subnet. */
export function familyOf(
  addresses: readonly string[],
  subnet: string,
  prefixes: readonly string[] = [],
): EniFamily {
  return { ...none, addresses, subnets: [subnet], prefixes };
}

export const noFamily = none;

/** The link of `eniAt(deviceNumber)`. */
export function linkAt(deviceNumber: number, changes: Partial<Link> = {}): Link {
  return {
    name: `ens${deviceNumber + 5}`,
    mac: macAt(deviceNumber),
    kind: "device",
    driver: "ena",
    busAddress: `0000:00:0${deviceNumber + 5}.0`,
    ...changes,
  };
}

export function macAt(deviceNumber: number): string {
  return `06:aa:bb:cc:dd:${deviceNumber.toString(16).padStart(2, "0")}`;
}
