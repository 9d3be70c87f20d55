import { createHash } from "node:crypto";
import type { FullEni } from "../scenario/eni-spec.ts";
import { localHostname, publicHostname } from "./hostname.ts";
import type { Leaf, Tree } from "./tree.ts";

/** The facts of the instance that appear in an ENI's folder. */
export interface EniOwner {
  readonly region: string;
  readonly accountId: string;
}

/**
 * The folder of one ENI, `network/interfaces/macs/MAC/`, with exactly AWS's documented leaves.
 * An ENI without, for example, IPv6 addresses has no such leaf, or an empty one (`emptyLeaves`).
 * IPv6 networks are written without `::` (amazon-ec2-net-utils #63).
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
    "subnet-id": `subnet-0${hashDigits(eni.subnetCidr)}`,
    "vpc-id": `vpc-0${hashDigits(eni.vpcCidrs.join())}`,
    ...(card === undefined ? {} : { "network-card": String(card) }),
    ...optionalLeaf(
      "local-hostname",
      ipv4.slice(0, 1).map((ip) => localHostname(ip, owner.region)),
    ),
    ...optionalLeaf("local-ipv4s", ipv4),
    ...optionalLeaf("subnet-ipv4-cidr-block", ipv4.length > 0 ? [eni.subnetCidr] : []),
    ...optionalLeaf("vpc-ipv4-cidr-block", eni.vpcCidrs.slice(0, 1)),
    ...optionalLeaf("vpc-ipv4-cidr-blocks", eni.vpcCidrs),
    ...optionalLeaf("ipv6s", eni.ipv6),
    ...optionalLeaf("subnet-ipv6-cidr-blocks", eni.subnetIpv6Cidrs.map(uncompressed)),
    ...optionalLeaf("vpc-ipv6-cidr-blocks", eni.vpcIpv6Cidrs.map(uncompressed)),
    ...optionalLeaf("ipv4-prefix", eni.ipv4Prefixes),
    ...optionalLeaf("ipv6-prefix", eni.ipv6Prefixes.map(uncompressed)),
    ...optionalLeaf("public-ipv4s", publicIpv4),
    ...optionalLeaf(
      "public-hostname",
      publicIpv4.slice(0, 1).map((ip) => publicHostname(ip, owner.region)),
    ),
    ...associations(publicIpv4, ipv4),
    ...Object.fromEntries((eni.emptyLeaves ?? []).map((name) => [name, ""])),
  };
}

function optionalLeaf(name: string, values: readonly string[]): Record<string, Leaf> {
  return values.length === 0 ? {} : { [name]: values };
}

function associations(publicIpv4: readonly string[], ipv4: readonly string[]): Tree {
  if (publicIpv4.length === 0) return {};
  const pairs = publicIpv4.map((ip, at) => [ip, ipv4[at] ?? ""] as const);
  return { "ipv4-associations": Object.fromEntries(pairs) };
}

/** `2600:1f14:ec2:100::/56` as IMDS writes it: `2600:1f14:ec2:100:0:0:0:0/56`. */
function uncompressed(cidr: string): string {
  const [address = "", length = ""] = cidr.split("/");
  const [head = "", tail] = address.split("::");
  if (tail === undefined) return cidr;
  const [before, after] = [splitGroups(head), splitGroups(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return `${[...before, ...zeros, ...after].join(":")}/${length}`;
}

function splitGroups(text: string): readonly string[] {
  return text === "" ? [] : text.split(":");
}

/** Sixteen hexadecimal digits derived from the text: the same text always gets the same ID. */
function hashDigits(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
