import * as v from "valibot";
import { parseMac, prefixLength } from "../model/address.ts";
import { parseNicAddress, parseNicNetwork } from "./nic-address.ts";

/**
 * The leaves of `meta-data/network/interfaces/macs/MAC/` that say how a NIC should be configured;
 * others are ignored, absent ones stay absent. Values come out canonical.
 */
export const eniSchema = v.object({
  "interface-id": v.optional(leaf("an ENI id", (text) => matching(text, /^eni-[0-9a-z]+$/))),
  "device-number": v.optional(numberUpTo(99)),
  "network-card": v.optional(numberUpTo(199)),
  "local-ipv4s": list("an IPv4 address of a NIC", (text) => parseNicAddress(text, 4)),
  ipv6s: list("an IPv6 address of a NIC", (text) => parseNicAddress(text, 6)),
  "subnet-ipv4-cidr-block": list("an IPv4 subnet", (text) => parseSubnet(text)),
  "subnet-ipv6-cidr-blocks": list("an IPv6 network", (text) => parseNicNetwork(text, 6)),
  "vpc-ipv4-cidr-block": list("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "vpc-ipv4-cidr-blocks": list("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "vpc-ipv6-cidr-blocks": list("an IPv6 network", (text) => parseNicNetwork(text, 6)),
  "ipv4-prefix": list("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "ipv6-prefix": list("an IPv6 network", (text) => parseNicNetwork(text, 6)),
});

export type EniLeaf = keyof typeof eniSchema.entries;

/** An ENI's folder with what its parents say of it. */
export interface ListedEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly folder: v.InferOutput<typeof eniSchema>;
}

/** `meta-data/mac` and the keys of `macs/`. */
export const macSchema = leaf("a MAC address", parseMac);

/** Only the folders on the way to the ENIs; the rest of the tree is somebody else's. */
export const foldersSchema = v.object({
  mac: v.optional(macSchema),
  network: v.optional(
    folder({
      interfaces: v.optional(folder({ macs: v.optional(v.record(v.string(), v.unknown())) })),
    }),
  ),
});

function folder<const T extends v.ObjectEntries>(entries: T) {
  return v.object(entries, "is not a folder");
}

/** One line of text that `parse` understands; the issue's message says what it should have been. */
function leaf<T>(what: string, parse: (text: string) => T | null) {
  return v.pipe(
    v.string(`is not ${what}`),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value.trim());
      if (value !== null) return value;
      addIssue({ message: `is not ${what}` });
      return NEVER;
    }),
  );
}

/** A leaf of several lines, or the array that `fetch` makes of it; what repeats counts once. */
function list(what: string, parse: (text: string) => string | null) {
  return v.optional(
    v.pipe(
      v.union([v.string(), v.array(v.string())], `is not a list, each ${what}`),
      v.transform((lines) => (typeof lines === "string" ? lines.split("\n") : lines)),
      v.transform((lines) => lines.filter((line) => line.trim() !== "")),
      v.array(leaf(what, parse)),
      v.transform((values) => [...new Set(values)]),
    ),
  );
}

function numberUpTo(most: number) {
  return leaf(`a number from 0 to ${most}`, (text) => {
    const digits = matching(text, /^(0|[1-9]\d{0,2})$/);
    return digits !== null && Number(digits) <= most ? Number(digits) : null;
  });
}

/** /30 and larger: a VPC's subnets are /28 at least, and base + 1 must lie in them. */
function parseSubnet(text: string): string | null {
  const cidr = parseNicNetwork(text, 4);
  return cidr !== null && prefixLength(cidr) <= 30 ? cidr : null;
}

function matching(text: string, pattern: RegExp): string | null {
  return pattern.test(text) ? text : null;
}

/** The names of the leaves that `eniSchema` looks at: no others need to be asked for. */
export const eniLeaves: readonly string[] = Object.keys(eniSchema.entries);
