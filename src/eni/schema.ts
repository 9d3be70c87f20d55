import * as v from "valibot";
import {
  cidrAddress,
  cidrContains,
  type Family,
  parseCidr,
  parseIpv4,
  parseIpv6,
  parseMac,
  prefixLength,
} from "../model/ip.ts";
import { Failure } from "../exit.ts";
import type { Eni } from "../model/eni.ts";
import { compareNaturally } from "../model/text.ts";

/**
 * The leaves of `meta-data/network/interfaces/macs/MAC/` that say how a NIC should be configured;
 * others are ignored, absent ones stay absent. Values come out canonical.
 */
export const eniSchema = v.object({
  "interface-id": v.optional(
    leafSchema("an ENI id", (text) => matchOrNull(text, /^eni-[0-9a-z]+$/)),
  ),
  "device-number": v.optional(numberSchema(99)),
  "network-card": v.optional(numberSchema(199)),
  "local-ipv4s": listSchema("an IPv4 address of a NIC", (text) => parseNicAddress(text, 4)),
  ipv6s: listSchema("an IPv6 address of a NIC", (text) => parseNicAddress(text, 6)),
  "subnet-ipv4-cidr-block": listSchema("an IPv4 subnet", (text) => parseSubnet(text)),
  "subnet-ipv6-cidr-blocks": listSchema("an IPv6 network", (text) => parseNicNetwork(text, 6)),
  "vpc-ipv4-cidr-block": listSchema("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "vpc-ipv4-cidr-blocks": listSchema("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "vpc-ipv6-cidr-blocks": listSchema("an IPv6 network", (text) => parseNicNetwork(text, 6)),
  "ipv4-prefix": listSchema("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "ipv6-prefix": listSchema("an IPv6 network", (text) => parseNicNetwork(text, 6)),
});

export type EniLeaf = keyof typeof eniSchema.entries;

/** An ENI's folder with what its parents say of it. */
export interface ListedEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly folder: v.InferOutput<typeof eniSchema>;
}

/** Where IMDS lists the ENIs' folders, by MAC. */
export const macsPath = ["meta-data", "network", "interfaces", "macs"];

/** `meta-data/mac` and the keys of `macs/`. */
export const macSchema = leafSchema("a MAC address", parseMac);

/** Only the folders on the way to the ENIs; the rest of the tree is somebody else's. */
export const foldersSchema = v.object({
  mac: v.optional(macSchema),
  network: v.optional(
    folderSchema({
      interfaces: v.optional(folderSchema({ macs: v.optional(v.record(v.string(), v.unknown())) })),
    }),
  ),
});

function folderSchema<const T extends v.ObjectEntries>(entries: T) {
  return v.object(entries, "is not a folder");
}

/** One line of text that `parse` understands; the issue's message says what it should have been. */
function leafSchema<T>(what: string, parse: (text: string) => T | null) {
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
function listSchema(what: string, parse: (text: string) => string | null) {
  return v.optional(
    v.pipe(
      v.union([v.string(), v.array(v.string())], `is not a list, each ${what}`),
      v.transform((lines) => (typeof lines === "string" ? lines.split("\n") : lines)),
      v.transform((lines) => lines.filter((line) => line.trim() !== "")),
      v.array(leafSchema(what, parse)),
      v.transform((values) => [...new Set(values)]),
    ),
  );
}

function numberSchema(max: number) {
  return leafSchema(`a number from 0 to ${max}`, (text) => {
    const digits = matchOrNull(text, /^(0|[1-9]\d{0,2})$/);
    return digits !== null && Number(digits) <= max ? Number(digits) : null;
  });
}

/** /30 and larger: a VPC's subnets are /28 at least, and base + 1 must lie in them. */
function parseSubnet(text: string): string | null {
  const cidr = parseNicNetwork(text, 4);
  return cidr !== null && prefixLength(cidr) <= 30 ? cidr : null;
}

function matchOrNull(text: string, pattern: RegExp): string | null {
  return pattern.test(text) ? text : null;
}

/** The names of the leaves that `eniSchema` looks at: no others need to be asked for. */
export const eniLeafNames: readonly string[] = Object.keys(eniSchema.entries);

/** `meta-data/…/local-ipv4s: "10.0.0.300" is not an IPv4 address` */
export function invalidLeafFailure(path: string, issue: v.BaseIssue<unknown>): Failure {
  const keys = (issue.path ?? []).map(({ key }) => key);
  const names = keys.filter((key) => typeof key === "string");
  const problem = issue.message.startsWith("is not ") ? issue.message : "is not a folder";
  const location = [path, ...names].join("/");
  return new Failure("DATAERR", `${location}: ${shortenJson(issue.input)} ${problem}`);
}

function shortenJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

/** An ENI's folder that is whole (`whyIncomplete`) as the `Eni` it describes. */
export function toEni({ mac, isPrimary, folder }: ListedEni): Eni {
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
  return texts.toSorted(compareNaturally);
}

/**
 * What no NIC has, whoever says so: this host, loopback, link-local (IMDS itself), multicast and
 * broadcast. 240.0.0.0/4 is not among them: reserved as it is, private networks use it. To put such
 * an address on, or to route it, would break the machine and help nobody.
 * https://www.iana.org/assignments/iana-ipv4-special-registry,
 * https://www.iana.org/assignments/iana-ipv6-special-registry; fd00:ec2::/32 are AWS's own services.
 */
const reservedNetworks: Readonly<Record<Family, readonly string[]>> = {
  4: ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"],
  6: ["::/96", "::ffff:0:0/96", "fe80::/10", "ff00::/8", "fd00:ec2::/32"],
};

/**
 * The widest that a VPC's network can be with room to spare (AWS: /16 and /44): with a wider one, all
 * that the machine sends would be the NIC's.
 */
const minPrefixLength: Readonly<Record<Family, number>> = { 4: 8, 6: 20 };

/** An address that a NIC can have, canonical; null for what is none. */
export function parseNicAddress(text: string, family: Family): string | null {
  const address = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (
    address === null ||
    reservedNetworks[family].some((network) => cidrContains(network, address))
  )
    return null;
  return address;
}

/** A network that a NIC's addresses can lie in, canonical; null for what is none. */
export function parseNicNetwork(text: string, family: Family): string | null {
  const cidr = parseCidr(text, family);
  if (cidr === null || prefixLength(cidr) < minPrefixLength[family]) return null;
  return reservedNetworks[family].some((network) => overlaps(network, cidr)) ? null : cidr;
}

/** One lies in the other, or they have nothing in common. */
function overlaps(one: string, other: string): boolean {
  return cidrContains(one, cidrAddress(other)) || cidrContains(other, cidrAddress(one));
}
