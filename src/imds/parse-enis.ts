import * as v from "valibot";
import { Failure } from "../exit.ts";
import { compareEnis, type Eni, type IncompleteEni } from "../net/eni.ts";
import type { MetadataTree } from "../net/metadata-tree.ts";
import { naturalOrder } from "../net/natural-order.ts";
import { eniSchema, foldersSchema, type ListedEni, macSchema } from "./eni-schema.ts";
import { whyIncomplete } from "./why-incomplete.ts";

export interface ParsedEnis {
  /** Whole, by network card, device number and MAC. */
  readonly enis: readonly Eni[];
  /** Listed, but not known well enough to configure; nothing about them is guessed. By MAC. */
  readonly incomplete: readonly IncompleteEni[];
  /** What must be there before anything is known of what is attached; null: it is there. */
  readonly missing: string | null;
}

const macsPath = "meta-data/network/interfaces/macs";

/**
 * The ENIs in a tree of metadata, each either whole or `incomplete` with the reason. `tree` is what
 * lies below `meta-data/`. Throws `DATAERR`, naming the leaf, for what is no metadata.
 */
export function parseEnis(tree: MetadataTree): ParsedEnis {
  const { mac: primaryMac, network } = parse(foldersSchema, tree, "meta-data");
  const listed = Object.entries(network?.interfaces?.macs ?? {})
    .map(([key, folder]) => parseFolder(key, folder, primaryMac))
    .toSorted((left, right) => (left.mac < right.mac ? -1 : 1));
  const reasoned = listed.map((eni) => {
    const reason = primaryMac === undefined ? noPrimary : whyIncomplete(eni, listed);
    return { eni, reason };
  });
  const incomplete = reasoned.flatMap(({ eni: { mac, isPrimary }, reason }) =>
    reason === null ? [] : [{ mac, isPrimary, reason }],
  );
  const enis = reasoned.flatMap(({ eni, reason }) => (reason === null ? [eniOf(eni)] : []));
  const isListed = listed.some((eni) => eni.isPrimary);
  const unlisted = primaryMac === undefined || isListed ? [] : [unlistedPrimary(primaryMac)];
  return {
    enis: enis.toSorted(compareEnis),
    incomplete: [...unlisted, ...incomplete].toSorted((a, b) => (a.mac < b.mac ? -1 : 1)),
    missing: missingOf(primaryMac, network?.interfaces?.macs),
  };
}

/** Not there and empty are two things: the second never happens on an instance. */
function missingOf(primaryMac: string | undefined, macs: object | undefined): string | null {
  if (primaryMac === undefined) return "meta-data/mac is not there";
  return Object.keys(macs ?? {}).length === 0 ? `${macsPath}/ lists nothing` : null;
}

/** Which ENI is the primary decides about rules and routes: without it nothing can be planned. */
const noPrimary = "meta-data/mac is not there yet, so the primary ENI is not known";

function unlistedPrimary(mac: string): IncompleteEni {
  return { mac, isPrimary: true, reason: "meta-data/mac names it, but macs/ does not list it yet" };
}

function parseFolder(key: string, content: unknown, primaryMac: string | undefined): ListedEni {
  const mac = parse(macSchema, key, macsPath);
  const folder = parse(eniSchema, content, `${macsPath}/${mac}`);
  return { mac, isPrimary: mac === primaryMac, folder };
}

function eniOf({ mac, isPrimary, folder }: ListedEni): Eni {
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

function parse<T extends v.GenericSchema>(schema: T, input: unknown, path: string) {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw badLeaf(path, result.issues[0]);
}

/** `meta-data/…/local-ipv4s: "10.0.0.300" is not an IPv4 address` */
function badLeaf(path: string, issue: v.BaseIssue<unknown>): Failure {
  const keys = (issue.path ?? []).map(({ key }) => key);
  const names = keys.filter((key) => typeof key === "string");
  const said = issue.message.startsWith("is not ") ? issue.message : "is not a folder";
  const where = [path, ...names].join("/");
  return new Failure("DATAERR", `${where}: ${shortened(issue.input)} ${said}`);
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
