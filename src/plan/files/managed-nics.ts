import { parseCidr } from "../../model/ip.ts";
import type { ExistingFile } from "../../model/plan.ts";
import { macOfManagedPath, managedMark } from "../../model/managed-paths.ts";
import { vpcServices } from "../config/policy-routing.ts";
import type { Link } from "../../model/link.ts";

/** What our own files tell of a NIC: what the last run that asked IMDS knew, as far as IPv4 goes. */
export interface ManagedNic {
  readonly mac: string;
  readonly eniId: string;
  readonly isPrimary: boolean;
  /** Its table and its priorities follow from it: `numbers.ts`. */
  readonly index: number;
  /** What has rules, as CIDRs; empty: it was the only NIC, or is the primary. */
  readonly sources: readonly string[];
  /** The networks whose packets stay with the NIC: the VPC's. */
  readonly vpcNetworks: readonly string[];
}

/**
 * The NICs that files of ours are for, of whichever backend. A file that an admin has changed so that
 * its head is gone tells nothing.
 */
export function parseManagedNics(files: readonly ExistingFile[]): readonly ManagedNic[] {
  const parsed = files.filter(isManaged).flatMap((file) => parseManagedNic(file) ?? []);
  return [...new Set(parsed.map(({ mac }) => mac))].flatMap((mac) => {
    // netplan's file has a drop-in beside it
    const [first, ...others] = parsed.filter((each) => each.mac === mac);
    if (first === undefined) return [];
    const all = [first, ...others];
    return [
      {
        ...first,
        sources: [...new Set(all.flatMap(({ sources }) => sources))],
        vpcNetworks: [...new Set(all.flatMap(({ vpcNetworks }) => vpcNetworks))],
      },
    ];
  });
}

/** `# eni-0123, index 3`: see `render/head-lines.ts`. */
const headerPattern = /^# (eni-[0-9a-z]+), (?:primary|index (\d{1,4}))$/m;

/** A rule's two ends, as networkd, NetworkManager and netplan have them. */
const rulePatterns = [
  /^From=(\S+)(?:\nTo=(\S+))?$/gm,
  /\bpriority \d+ from (\S+)(?: to (\S+))? table \d/g,
  /^ +- from: "([^"]+)"(?:\n +to: "([^"]+)")?$/gm,
];

function parseManagedNic({ path, content }: ExistingFile): ManagedNic | null {
  const mac = macOfManagedPath(path);
  const [, eniId, index] = headerPattern.exec(content) ?? [];
  if (mac === null || eniId === undefined) return null;
  const pairs = rulePatterns.flatMap((each) => [...content.matchAll(each)]);
  return {
    mac,
    eniId,
    isPrimary: index === undefined,
    index: Number(index ?? "0"),
    sources: uniqueCidrs(pairs.map(([, from]) => from)),
    vpcNetworks: uniqueCidrs(pairs.map(([, , to]) => to)).filter((cidr) => cidr !== vpcServices[4]),
  };
}

/** Of IPv4; what is no network was written by somebody else. */
function uniqueCidrs(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => parseCidr(text ?? "", 4) ?? []))];
}

/**
 * The MACs whose files of ours are left from another machine: an image baked elsewhere carries them
 * along. A MAC that IMDS lists, or that any link here has, is not retired; and where no link at all
 * could be read, nothing is known, and nothing is retired. In the order of `files`.
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

/** A file in a place of ours that does not say so is somebody else's: never removed. */
export function isManaged({ content }: ExistingFile): boolean {
  return content.slice(0, content.indexOf("\n")).includes(managedMark);
}
