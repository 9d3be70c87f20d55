import { type ParsedEnis, parseEnis, type ParseOptions } from "../../../src/eni/parse-enis.ts";
import type { MetadataTree } from "../../../src/model/metadata.ts";

export const primaryMac = "06:aa:bb:cc:dd:01";
export const otherMac = "06:aa:bb:cc:dd:02";

/** The folder of the primary. */
export const primary = {
  "device-number": "0",
  "interface-id": "eni-01",
  "local-ipv4s": ["10.0.0.10"],
  "subnet-ipv4-cidr-block": "10.0.0.0/24",
  "security-groups": "not used",
} as const;
/** The folder of a second ENI. */
export const other = {
  "device-number": "1",
  "interface-id": "eni-02",
  "local-ipv4s": ["10.0.1.20", "10.0.1.100", "10.0.1.21"],
  "subnet-ipv4-cidr-block": "10.0.1.0/24",
} as const;

/** The metadata of ENIs by MAC; `mac` is the primary. */
export function treeOf(macs: MetadataTree, mac: string | undefined = primaryMac): MetadataTree {
  return { mac, network: { interfaces: { macs } } } as MetadataTree;
}

/** The ENIs with `other` changed; undefined removes a leaf. */
export function withOther(
  changes: Readonly<Record<string, unknown>>,
  options: ParseOptions = {},
): ParsedEnis {
  const entries = Object.entries({ ...other, ...changes }).filter(
    ([, value]) => value !== undefined,
  );
  const folder = Object.fromEntries(entries) as MetadataTree;
  return parseEnis(treeOf({ [primaryMac]: primary, [otherMac]: folder }), options);
}
