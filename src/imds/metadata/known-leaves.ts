import type { MetadataPath } from "../../model/metadata.ts";

/**
 * Keys that AWS documents as values, not folders. For any other key, the listing of the parent must
 * be read, because IMDS answers 200 for a folder even without a slash at the end.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html#instancedata-data-categories
 */
const leafPatterns: readonly RegExp[] = [
  /^user-data$/,
  /^dynamic\/instance-identity\/(document|signature|pkcs7|rsa2048)$/,
  patternBelow("meta-data", [
    "ami-(id|launch-index|manifest-path)",
    "ancestor-ami-ids",
    "(local-|public-)?hostname",
    "instance-(action|id|life-cycle|type)",
    "ipv6",
    "kernel-id",
    "(local|public)-ipv4",
    "mac",
    "product-codes",
    "ramdisk-id",
    "reservation-id",
    "security-groups",
  ]),
  /^meta-data\/block-device-mapping\/(ami|root|swap|(ebs|ephemeral)\d+)$/,
  /^meta-data\/placement\/(availability-zone(-id)?|group-name|host-id|partition-number|region)$/,
  /^meta-data\/services\/(domain|partition)$/,
  /^meta-data\/tags\/instance\/[^/]+$/,
  /^meta-data\/iam(-ecs-[^/]+)?\/(info|security-credentials\/[^/]+)$/,
  /^meta-data\/identity-credentials\/ec2\/(info|security-credentials\/ec2-instance)$/,
  /^meta-data\/public-keys\/\d+\/openssh-key$/,
  /^meta-data\/spot\/(instance-action|termination-time)$/,
  patternBelow("meta-data/network/interfaces/macs/[^/]+", [
    "device-number",
    "interface-id",
    "ipv4-associations/[^/]+",
    "ipv[46]-prefix",
    "ipv6s",
    "(local|public)-(hostname|ipv4s)",
    "mac",
    "network-card",
    "owner-id",
    "security-group(s|-ids)",
    "subnet-(id|ipv4-cidr-block|ipv6-cidr-blocks)",
    "vpc-(id|ipv4-cidr-blocks?|ipv6-cidr-blocks)",
  ]),
];

function patternBelow(folder: string, names: readonly string[]): RegExp {
  return new RegExp(`^${folder}/(${names.join("|")})$`);
}

/** Whether this key is always a leaf, never a folder. */
export function isKnownLeaf(path: MetadataPath): boolean {
  const text = path.join("/");
  return leafPatterns.some((pattern) => pattern.test(text));
}
