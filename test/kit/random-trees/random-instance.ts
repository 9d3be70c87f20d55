import type { Link } from "../../../src/model/link.ts";
import type { MetadataTree } from "../../../src/model/metadata.ts";
import { createRandom, type Random } from "../basics/random.ts";
import { type InstanceType, instanceTypes } from "./instance-types.ts";
import { randomVpc, shuffled, type Subnet, type Vpc } from "./random-subnets.ts";

/** An ENI as EC2 could attach it. Addresses and networks are canonical; the first address is the primary one. */
export interface RandomEni {
  readonly mac: string;
  readonly isPrimary: boolean;
  readonly card: number;
  readonly device: number;
  readonly subnet: Subnet;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly ipv4Prefixes: readonly string[];
  readonly ipv6Prefixes: readonly string[];
}

export interface RandomInstance {
  readonly type: InstanceType;
  readonly enis: readonly RandomEni[];
  readonly metadata: MetadataTree;
  readonly links: readonly Link[];
}

/**
 * An instance within the documented limits of EC2: types with one or several network cards, with
 * few or all of their ENIs, addresses and prefixes; subnets with IPv4, with both families or with
 * IPv6 only; EFA-only ENIs; a primary that is device 1, as on HyperPod; leaves that are listed and
 * empty; networks that are not compressed; lists in any order.
 */
export function randomInstance(seed: number): RandomInstance {
  const random = createRandom(seed);
  const type = random.pick(instanceTypes);
  const vpc = randomVpc(random);
  const enis = randomSlots(random, type).map((slot, at): RandomEni => {
    const isPrimary = at === 0;
    const isEfaOnly = !isPrimary && type.hasEfa && random.below(3) === 0;
    const mac = `06:${[seed >> 16, seed >> 8, seed, 0, at].map(octet).join(":")}`;
    const subnet = random.pick(vpc.subnets);
    return { mac, isPrimary, ...slot, subnet, ...randomAddresses(random, type, subnet, isEfaOnly) };
  });
  const listsCards = type.cards.length > 1 || random.below(2) === 0;
  const folders = shuffled(random, enis).map((eni) => [
    eni.mac,
    folderOf(random, eni, { vpc, listsCards }),
  ]);
  const [primary] = enis;
  const macs = Object.fromEntries(folders);
  const metadata = {
    "instance-type": type.name,
    "public-hostname": "",
    mac: primary?.mac ?? "",
    network: { interfaces: { macs } },
  };
  return { type, enis, metadata, links: enis.map(linkOf) };
}

function octet(value: number): string {
  return (value & 0xff).toString(16).padStart(2, "0");
}

interface RandomSlot {
  readonly card: number;
  readonly device: number;
}

/** Different slots, the primary's first; seldom all that the type allows. */
function randomSlots(random: Random, type: InstanceType): readonly RandomSlot[] {
  const isFull = random.below(12) === 0;
  const isHyperPod = random.below(8) === 0;
  const all = type.cards.flatMap((limit, card) => {
    // device numbers need not be contiguous
    const numbers = shuffled(random, [...Array(limit + 2).keys()]).slice(0, limit);
    return numbers.map((device) => ({ card, device }));
  });
  const primary = { card: 0, device: isHyperPod ? 1 : 0 };
  const isOther = ({ card, device }: RandomSlot): boolean =>
    card > 0 || (device !== primary.device && (device > 0 || isHyperPod));
  const onCard = type.cards[0] ?? 1;
  const others = all.filter(isOther);
  const onFirst = others.filter(({ card }) => card === 0).slice(0, onCard - 1);
  const allowed = shuffled(random, [...onFirst, ...others.filter(({ card }) => card > 0)]);
  const count = isFull ? allowed.length : Math.min(allowed.length, random.below(6));
  return [primary, ...allowed.slice(0, count)];
}

function randomAddresses(
  random: Random,
  type: InstanceType,
  subnet: Subnet,
  isEfaOnly: boolean,
): Pick<RandomEni, "ipv4" | "ipv6" | "ipv4Prefixes" | "ipv6Prefixes"> {
  if (isEfaOnly) return { ipv4: [], ipv6: [], ipv4Prefixes: [], ipv6Prefixes: [] };
  const isFull = random.below(20) === 0;
  const counts = (): readonly [number, number] => {
    const total = isFull ? type.addresses : 1 + random.below(Math.min(type.addresses, 5));
    const prefixes = random.below(3) === 0 ? random.below(total) : 0;
    return [total - prefixes, prefixes];
  };
  const [[addresses4, prefixes4], [addresses6, prefixes6]] = [counts(), counts()];
  const hasIpv6 = subnet.ipv4 === null || random.below(4) > 0;
  const ipv4 = subnet.takeIpv4(addresses4);
  return {
    ipv4,
    ipv4Prefixes: ipv4.length === 0 ? [] : subnet.takeIpv4Prefixes(prefixes4),
    ipv6: hasIpv6 ? subnet.takeIpv6(addresses6) : [],
    ipv6Prefixes: hasIpv6 ? subnet.takeIpv6Prefixes(prefixes6) : [],
  };
}

interface FolderFacts {
  readonly vpc: Vpc;
  readonly listsCards: boolean;
}

/** The folder as IMDS lists it. What the ENI does not have is left out, or is listed and empty. */
function folderOf(random: Random, eni: RandomEni, { vpc, listsCards }: FolderFacts): MetadataTree {
  const { ipv4, ipv6, ipv4Prefixes, ipv6Prefixes, subnet } = eni;
  const hasIpv4 = ipv4.length > 0;
  const hasIpv6 = ipv6.length > 0;
  const wanted: Readonly<Record<string, readonly string[]>> = {
    "local-ipv4s": ipv4,
    ipv6s: ipv6,
    "ipv4-prefix": ipv4Prefixes,
    "ipv6-prefix": ipv6Prefixes.map(uncompressed),
    "subnet-ipv4-cidr-block": hasIpv4 && subnet.ipv4 !== null ? [subnet.ipv4] : [],
    "subnet-ipv6-cidr-blocks": hasIpv6 && subnet.ipv6 !== null ? [uncompressed(subnet.ipv6)] : [],
    "vpc-ipv4-cidr-blocks": vpc.ipv4,
    "vpc-ipv6-cidr-blocks": hasIpv6 ? vpc.ipv6.map(uncompressed) : [],
    "public-ipv4s": [],
    "public-hostname": [],
  };
  const lists = Object.entries(wanted).flatMap(([leaf, values]) => {
    if (values.length === 0) return random.below(4) > 0 ? [] : [[leaf, ""] as const];
    return [[leaf, leaf.endsWith("-block") ? (values[0] ?? "") : values] as const];
  });
  return {
    "device-number": `${eni.device}`,
    "interface-id": `eni-0${eni.mac.replaceAll(":", "")}`,
    mac: eni.mac,
    ...(listsCards ? { "network-card": `${eni.card}` } : {}),
    "vpc-ipv4-cidr-block": vpc.ipv4[0] ?? "",
    ...Object.fromEntries(lists),
  };
}

/** `2001:db8:1:2:0:0:0:0/64`, as IMDS writes a network (ec2-net-utils #63). */
function uncompressed(network: string): string {
  const [address = "", length = ""] = network.split("/");
  const groups = address.replace(/::$/, "").split(":");
  const zeros = Array.from({ length: 8 - groups.length }, () => "0");
  return `${[...groups, ...zeros].join(":")}/${length}`;
}

function linkOf({ mac }: RandomEni, at: number): Link {
  const busAddress = `0000:${octet(at)}:05.0`;
  return { name: `ens${at + 5}`, mac, kind: "device", driver: "ena", busAddress };
}
