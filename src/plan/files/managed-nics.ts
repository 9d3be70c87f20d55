import { parseCidr } from "../../model/ip.ts";
import type { ExistingFile } from "../../model/plan.ts";
import { macOfManagedPath, managedMark } from "../../model/managed-paths.ts";
import type { RuleStyle } from "../../model/network-config.ts";
import { vpcServices } from "../config/policy-routing.ts";
import { eniLinkGroup } from "../config/table-numbers.ts";
import type { Link } from "../../model/link.ts";

/** What our files say about a NIC: the IPv4 part of the metadata of the last run. */
export interface ManagedNic {
  readonly mac: string;
  readonly eniId: string;
  readonly isPrimary: boolean;
  /** The NIC's table number and rule priorities follow from it, see `config/table-numbers.ts`. */
  readonly index: number;
  /** The sources of the NIC's rules, as CIDRs. */
  readonly sources: readonly string[];
  /** The VPC's networks outside of the NIC's subnet, if its table has routes to them. */
  readonly vpcNetworks: readonly string[];
  readonly ruleStyle: RuleStyle;
}

/** The NICs of our files, for any backend. A file is ignored if an admin has removed its header. */
export function parseManagedNics(files: readonly ExistingFile[]): readonly ManagedNic[] {
  const parsed = files.filter(isManaged).flatMap((file) => parseManagedNic(file) ?? []);
  return [...new Set(parsed.map(({ mac }) => mac))].flatMap((mac) => {
    // with netplan a NIC has two files: the YAML and a drop-in
    const all = parsed.filter((each) => each.mac === mac);
    const [first] = all;
    const sources = [...new Set(all.flatMap((each) => each.sources))];
    const vpcNetworks = [...new Set(all.flatMap((each) => each.vpcNetworks))];
    const ruleStyle = all.some((each) => each.ruleStyle === "group") ? "group" : "prefix";
    return first === undefined ? [] : [{ ...first, sources, vpcNetworks, ruleStyle }];
  });
}

/** Matches `# eni-0123, primary, index 0` of `render/header.ts`; 0.1.0 wrote `# eni-0123, primary`. */
const headerPattern = /^# (eni-[0-9a-z]+), (?:(primary)(?:, index (\d{1,4}))?|index (\d{1,4}))$/m;

/** Match a rule's source as networkd, NetworkManager and netplan write it. */
const sourcePatterns = [
  /^From=(\S+)$/gm,
  /\bpriority \d+ from (\S+) table \d/g,
  /^ +- from: "([^"]+)"$/gm,
];

/** Match the destination of a route via a gateway, as networkd, NetworkManager and netplan write it. */
const networkPatterns = [
  /^Destination=(\S+)\nGateway=/gm,
  /^route\d+=([^,\n]+),/gm,
  /^ +- to: "([^"]+)"\n +via:/gm,
];

/** Matches the link group, which only networkd can set. */
const groupPattern = new RegExp(`^Group=${eniLinkGroup}$`, "m");

function parseManagedNic({ path, content }: ExistingFile): ManagedNic | null {
  const mac = macOfManagedPath(path);
  const [, eniId, primary, ...indexes] = headerPattern.exec(content) ?? [];
  if (mac === null || eniId === undefined) return null;
  const findAll = (patterns: readonly RegExp[]) =>
    uniqueCidrs(patterns.flatMap((each) => [...content.matchAll(each)]).map(([, text]) => text));
  const notVpcNetworks: readonly string[] = ["0.0.0.0/0", vpcServices[4]];
  return {
    mac,
    eniId,
    isPrimary: primary !== undefined,
    index: Number(indexes.find((each) => each !== undefined) ?? 0),
    sources: findAll(sourcePatterns),
    vpcNetworks: findAll(networkPatterns).filter((cidr) => !notVpcNetworks.includes(cidr)),
    ruleStyle: groupPattern.test(content) ? "group" : "prefix",
  };
}

/** The valid IPv4 CIDRs of these texts; ec2nic writes no other IPv4 sources or destinations. */
function uniqueCidrs(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => parseCidr(text ?? "", 4) ?? []))];
}

/**
 * The MACs whose files are out of date ("retired"): IMDS does not list the MAC and no link has it,
 * for example because the image was made on another machine. Empty if no link could be read.
 */
export function findRetiredMacs(
  files: readonly ExistingFile[],
  listedMacs: ReadonlySet<string>,
  links: readonly Link[],
): readonly string[] {
  if (links.length === 0) return [];
  const present = new Set(links.map(({ mac }) => mac));
  const macs = files.filter(isManaged).flatMap(({ path }) => macOfManagedPath(path) ?? []);
  return [...new Set(macs)].filter((mac) => !listedMacs.has(mac) && !present.has(mac));
}

/** Whether ec2nic wrote a file. A file without the mark in its first line is never removed. */
export function isManaged({ content }: ExistingFile): boolean {
  return content.slice(0, content.indexOf("\n")).includes(managedMark);
}
