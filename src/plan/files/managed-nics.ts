import { parseCidr } from "../../model/ip.ts";
import type { ExistingFile } from "../../model/plan.ts";
import { macOfOwnPath, ownMark } from "../../model/managed-paths.ts";
import { vpcServices } from "../config/policy-routing.ts";
import type { Link } from "../../model/link.ts";

/** What our own files tell of a NIC: what the last run that asked IMDS knew, as far as IPv4 goes. */
export interface OwnNic {
  readonly mac: string;
  readonly eniId: string;
  readonly isPrimary: boolean;
  /** Its table and its priorities follow from it: `numbers.ts`. */
  readonly index: number;
  /** What has rules, as CIDRs; empty: it was the only NIC, or is the primary. */
  readonly sources: readonly string[];
  /** The networks whose packets stay with the NIC: the VPC's. */
  readonly inside: readonly string[];
}

/**
 * The NICs that files of ours are for, of whichever backend. A file that an admin has changed so that
 * its head is gone tells nothing.
 */
export function ownNics(files: readonly ExistingFile[]): readonly OwnNic[] {
  const told = files.filter(isOurs).flatMap((file) => ownNic(file) ?? []);
  return [...new Set(told.map(({ mac }) => mac))].flatMap((mac) => {
    // netplan's file has a drop-in beside it
    const [first, ...others] = told.filter((each) => each.mac === mac);
    if (first === undefined) return [];
    const all = [first, ...others];
    return [
      {
        ...first,
        sources: [...new Set(all.flatMap(({ sources }) => sources))],
        inside: [...new Set(all.flatMap(({ inside }) => inside))],
      },
    ];
  });
}

/** `# eni-0123, index 3`: see `render/head-lines.ts`. */
const head = /^# (eni-[0-9a-z]+), (?:primary|index (\d{1,4}))$/m;

/** A rule's two ends, as networkd, NetworkManager and netplan have them. */
const ends = [
  /^From=(\S+)(?:\nTo=(\S+))?$/gm,
  /\bpriority \d+ from (\S+)(?: to (\S+))? table \d/g,
  /^ +- from: "([^"]+)"(?:\n +to: "([^"]+)")?$/gm,
];

function ownNic({ path, content }: ExistingFile): OwnNic | null {
  const mac = macOfOwnPath(path);
  const [, eniId, index] = head.exec(content) ?? [];
  if (mac === null || eniId === undefined) return null;
  const pairs = ends.flatMap((each) => [...content.matchAll(each)]);
  return {
    mac,
    eniId,
    isPrimary: index === undefined,
    index: Number(index ?? "0"),
    sources: unique(pairs.map(([, from]) => from)),
    inside: unique(pairs.map(([, , to]) => to)).filter((cidr) => cidr !== vpcServices[4]),
  };
}

/** Of IPv4; what is no network was written by somebody else. */
function unique(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => parseCidr(text ?? "", 4) ?? []))];
}

/**
 * The MACs whose files of ours are left from another machine: an image baked elsewhere carries them
 * along. A MAC that IMDS lists, or that any link here has, is not retired; and where no link at all
 * could be read, nothing is known, and nothing is retired. In the order of `files`.
 */
export function retire(
  files: readonly ExistingFile[],
  listedMacs: ReadonlySet<string>,
  links: readonly Link[],
): readonly string[] {
  if (links.length === 0) return [];
  const present = new Set(links.map(({ mac }) => mac));
  const macs = files.filter(isOurs).flatMap(({ path }) => macOfOwnPath(path) ?? []);
  return [...new Set(macs)].filter((mac) => !listedMacs.has(mac) && !present.has(mac));
}

/** A file in a place of ours that does not say so is somebody else's: never removed. */
export function isOurs({ content }: ExistingFile): boolean {
  return content.slice(0, content.indexOf("\n")).includes(ownMark);
}
