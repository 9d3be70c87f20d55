import { createHash } from "node:crypto";
import type { FullEni } from "../scenario/eni-spec.ts";
import { localHostname, publicHostname } from "./hostname.ts";
import type { Leaf, Tree } from "./tree.ts";

/** What an ENI's folder says of the instance it is attached to. */
export interface EniOwner {
  readonly region: string;
  readonly accountId: string;
}

/**
 * The folder of one ENI, `network/interfaces/macs/MAC/`, with the leaves that AWS has there and no
 * others; what the ENI lacks has no leaf.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
 */
export function eniTree(eni: FullEni, owner: EniOwner): Tree {
  const { card, ipv4, publicIpv4 } = eni;
  return {
    "device-number": String(eni.device),
    "interface-id": eni.id,
    mac: eni.mac,
    "owner-id": owner.accountId,
    "security-group-ids": "sg-0ec2000000000001",
    "security-groups": "default",
    "subnet-id": `subnet-0${digits(eni.subnetCidr)}`,
    "vpc-id": `vpc-0${digits(eni.vpcCidrs.join())}`,
    ...(card === undefined ? {} : { "network-card": String(card) }),
    ...leafOf(
      "local-hostname",
      ipv4.slice(0, 1).map((ip) => localHostname(ip, owner.region)),
    ),
    ...leafOf("local-ipv4s", ipv4),
    ...leafOf("subnet-ipv4-cidr-block", ipv4.length > 0 ? [eni.subnetCidr] : []),
    ...leafOf("vpc-ipv4-cidr-block", eni.vpcCidrs.slice(0, 1)),
    ...leafOf("vpc-ipv4-cidr-blocks", eni.vpcCidrs),
    ...leafOf("ipv6s", eni.ipv6),
    ...leafOf("subnet-ipv6-cidr-blocks", eni.subnetIpv6Cidrs),
    ...leafOf("vpc-ipv6-cidr-blocks", eni.vpcIpv6Cidrs),
    ...leafOf("ipv4-prefix", eni.ipv4Prefixes),
    ...leafOf("ipv6-prefix", eni.ipv6Prefixes),
    ...leafOf("public-ipv4s", publicIpv4),
    ...leafOf(
      "public-hostname",
      publicIpv4.slice(0, 1).map((ip) => publicHostname(ip, owner.region)),
    ),
    ...associations(publicIpv4, ipv4),
  };
}

function leafOf(name: string, values: readonly string[]): Record<string, Leaf> {
  return values.length === 0 ? {} : { [name]: values };
}

function associations(publicIpv4: readonly string[], ipv4: readonly string[]): Tree {
  if (publicIpv4.length === 0) return {};
  const pairs = publicIpv4.map((ip, at) => [ip, ipv4[at] ?? ""] as const);
  return { "ipv4-associations": Object.fromEntries(pairs) };
}

/** Sixteen digits that follow from what they stand for. */
function digits(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
