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
import { type Eni, maxDeviceNumber, maxNetworkCard } from "../model/eni.ts";
import { compareNaturally } from "../model/text.ts";

/**
 * The leaves of `meta-data/network/interfaces/macs/MAC/` that a NIC's configuration depends on.
 * Other leaves are ignored, and absent leaves stay absent. Values are converted to canonical form.
 */
export const eniSchema = v.object({
  "interface-id": v.optional(
    leafSchema("an ENI id", (text) => (/^eni-[0-9a-z]+$/.test(text) ? text : null)),
  ),
  "device-number": v.optional(numberSchema(maxDeviceNumber)),
  "network-card": v.optional(numberSchema(maxNetworkCard)),
  "local-ipv4s": listSchema("an IPv4 address of a NIC", (text) => parseNicAddress(text, 4)),
  ipv6s: listSchema("an IPv6 address of a NIC", (text) => parseNicAddress(text, 6)),
  "subnet-ipv4-cidr-block": listSchema("an IPv4 subnet", parseSubnet),
  "subnet-ipv6-cidr-blocks": listSchema("an IPv6 network", (text) => parseNicNetwork(text, 6)),
  "vpc-ipv4-cidr-block": listSchema("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "vpc-ipv4-cidr-blocks": listSchema("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "vpc-ipv6-cidr-blocks": listSchema("an IPv6 network", (text) => parseNicNetwork(text, 6)),
  "ipv4-prefix": listSchema("an IPv4 network", (text) => parseNicNetwork(text, 4)),
  "ipv6-prefix": listSchema("an IPv6 network", (text) => parseNicNetwork(text, 6)),
});

export type EniLeaf = keyof typeof eniSchema.entries;

/** An ENI's metadata folder, the ENI's MAC, and whether `meta-data/mac` has this MAC. */
export interface ListedEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly folder: v.InferOutput<typeof eniSchema>;
  /** The leaves that are listed, but empty; `folder` lacks them. They are late, or stay empty. */
  readonly emptyLeaves: readonly EniLeaf[];
}

/**
 * Parses the content of an ENI's folder. A leaf without a value is no invalid value: some leaves of
 * some instances are always empty. Returns the first issue if a value is invalid.
 */
export function parseEniFolder(
  content: unknown,
): Pick<ListedEni, "folder" | "emptyLeaves"> | { readonly issue: v.BaseIssue<unknown> } {
  const isFolder = typeof content === "object" && content !== null && !Array.isArray(content);
  const entries = Object.entries(isFolder ? content : {});
  const emptyNames = entries.filter(([, value]) => isEmpty(value)).map(([name]) => name);
  const filled = entries.filter(([name]) => !emptyNames.includes(name));
  const result = v.safeParse(eniSchema, isFolder ? Object.fromEntries(filled) : content);
  if (!result.success) return { issue: result.issues[0] };
  const isRelevant = (name: string): name is EniLeaf => eniLeafNames.includes(name);
  return { folder: result.output, emptyLeaves: emptyNames.filter(isRelevant) };
}

function isEmpty(value: unknown): boolean {
  const lines: readonly unknown[] = Array.isArray(value) ? value : [value];
  return lines.every((line) => typeof line === "string" && line.trim() === "");
}

/** The path where IMDS lists the ENIs' folders, by MAC. */
export const macsPath = ["meta-data", "network", "interfaces", "macs"];

/** For `meta-data/mac`. */
const macSchema = leafSchema("a MAC address", parseMac);

/** Checks only the folders that contain the ENIs' folders, and not the rest of the tree. */
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

/** For one line of text that `parse` accepts. The issue's message says what was expected. */
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

/** For a leaf of several lines, or the array that `fetch` prints instead. Removes duplicates. */
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
    return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= max ? Number(text) : null;
  });
}

/** A subnet of at most /30, so that it contains base + 1; a VPC's subnets are at most /28. */
function parseSubnet(text: string): string | null {
  const cidr = parseNicNetwork(text, 4);
  return cidr !== null && prefixLength(cidr) <= 30 ? cidr : null;
}

/** The names of the leaves in `eniSchema`. Only these leaves need to be requested. */
export const eniLeafNames: readonly string[] = Object.keys(eniSchema.entries);

/** The failure `meta-data/…/local-ipv4s: "10.0.0.300" is not an IPv4 address`. */
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

/** Converts an ENI's metadata folder into an `Eni`. `checkComplete` must have accepted it. */
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

/** Keeps the first address first. Sorts the others, because IMDS may change their order. */
function firstThenSorted(addresses: readonly string[] = []): readonly string[] {
  return [...addresses.slice(0, 1), ...sorted(addresses.slice(1))];
}

function sorted(texts: readonly string[] = []): readonly string[] {
  return texts.toSorted(compareNaturally);
}

/**
 * Networks that no NIC can have: this host, loopback, link-local (IMDS itself), multicast and
 * broadcast. Such an address or route would break the machine. 240.0.0.0/4 is not listed, because
 * private networks use it although it is reserved.
 * https://www.iana.org/assignments/iana-ipv4-special-registry,
 * https://www.iana.org/assignments/iana-ipv6-special-registry; fd00:ec2::/32 is for AWS services.
 */
const reservedNetworks: Readonly<Record<Family, readonly string[]>> = {
  4: ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"],
  6: ["::/96", "::ffff:0:0/96", "fe80::/10", "ff00::/8", "fd00:ec2::/32"],
};

/**
 * The shortest prefix that is accepted for a VPC's network. AWS allows /16 and /44, and some margin
 * is left. A much shorter prefix would route most of the machine's traffic through the NIC.
 */
const minPrefixLength: Readonly<Record<Family, number>> = { 4: 8, 6: 20 };

/** An address in canonical form; null if it is not an address that a NIC can have. */
export function parseNicAddress(text: string, family: Family): string | null {
  const address = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (address === null) return null;
  return reservedNetworks[family].some((each) => cidrContains(each, address)) ? null : address;
}

/** A network in canonical form; null if it is not a network that can contain a NIC's addresses. */
export function parseNicNetwork(text: string, family: Family): string | null {
  const cidr = parseCidr(text, family);
  if (cidr === null || prefixLength(cidr) < minPrefixLength[family]) return null;
  return reservedNetworks[family].some((network) => overlaps(network, cidr)) ? null : cidr;
}

/** Two CIDRs overlap if one contains the other's first address. */
function overlaps(one: string, other: string): boolean {
  return cidrContains(one, cidrAddress(other)) || cidrContains(other, cidrAddress(one));
}
