import type { Random } from "../basics/random.ts";

/** A subnet of the VPC, from which addresses and prefixes are taken; none is given twice. */
export interface Subnet {
  /** null for an IPv6-only subnet. */
  readonly ipv4: string | null;
  /** null for a subnet without IPv6. Canonical. */
  readonly ipv6: string | null;
  readonly takeIpv4: (count: number) => readonly string[];
  readonly takeIpv4Prefixes: (count: number) => readonly string[];
  readonly takeIpv6: (count: number) => readonly string[];
  readonly takeIpv6Prefixes: (count: number) => readonly string[];
}

/** A VPC with one to three subnets. IPv4 networks are in 10.0.0.0/8, IPv6 networks are documentation ones. */
export interface Vpc {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly subnets: readonly Subnet[];
}

/** A VPC with up to five IPv4 networks (AWS, "VPC CIDR blocks"). */
export function randomVpc(random: Random): Vpc {
  const second = 1 + random.below(200);
  const more = shuffled(random, [201, 202, 203, 204]).slice(0, random.below(5));
  const vpcGroup = (0x100 + random.below(0xe00)).toString(16);
  const subnets = Array.from({ length: 1 + random.below(3) }, (_, at) => {
    const isIpv6Only = random.below(5) === 0;
    const hasIpv6 = isIpv6Only || random.below(2) === 0;
    const group = `2001:db8:${vpcGroup}:a${(16 * at + 1).toString(16).padStart(2, "0")}`;
    const base = `10.${second}.${16 * at}`;
    return subnetOf(random, isIpv6Only ? null : base, hasIpv6 ? group : null);
  });
  return {
    ipv4: shuffled(random, [`10.${second}.0.0/16`, ...more.map((each) => `10.${each}.0.0/16`)]),
    ipv6: [`2001:db8:${vpcGroup}:a00::/56`],
    subnets,
  };
}

function subnetOf(random: Random, base: string | null, group: string | null): Subnet {
  const length = random.pick([20, 24, 28]);
  // the first four addresses and the last one are reserved (AWS, "Subnet sizing")
  const hosts = length === 28 ? range(4, 15) : range(4, 120);
  const blocks = { 20: range(8, 250), 24: range(8, 15), 28: [] }[length] ?? [];
  const ipv4 = createPool(shuffled(random, hosts));
  const prefixes = createPool(shuffled(random, blocks));
  const texts = (count: number, text: () => string) => Array.from({ length: count }, text);
  const hex = (from: number): string => (from + random.below(0x7000)).toString(16);
  const used = new Set<string>();
  const unique = (text: () => string) => (): string => {
    const next = text();
    return used.has(next) ? unique(text)() : (used.add(next), next);
  };
  const address = (): string => [group, hex(0x100), hex(1), hex(1), hex(1)].join(":");
  const [second = "", third = "0"] = (base ?? "").split(".").slice(1);
  return {
    ipv4: base === null ? null : `${base}.0/${length}`,
    ipv6: group === null ? null : `${group}::/64`,
    takeIpv4: (count) => (base === null ? [] : ipv4(count).map((host) => `${base}.${host}`)),
    takeIpv4Prefixes: (count) =>
      base === null
        ? []
        : prefixes(count).map((block) => {
            const upper = Number(third) + Math.floor(block / 16);
            return `10.${second}.${upper}.${16 * (block % 16)}/28`;
          }),
    takeIpv6: (count) => (group === null ? [] : texts(count, unique(address))),
    takeIpv6Prefixes: (count) =>
      group === null
        ? []
        : texts(
            count,
            unique(() => `${group}:${hex(0x8000)}::/80`),
          ),
  };
}

/** Gives each entry once, and fewer than requested if no more are left. */
function createPool<T>(entries: readonly T[]): (count: number) => readonly T[] {
  let rest = entries;
  return (count) => {
    const taken = rest.slice(0, count);
    rest = rest.slice(count);
    return taken;
  };
}

/** The entries in a random order. */
export function shuffled<T>(random: Random, entries: readonly T[]): readonly T[] {
  return entries
    .map((entry) => [random.fraction(), entry] as const)
    .toSorted(([left], [right]) => left - right)
    .map(([, entry]) => entry);
}

function range(from: number, end: number): readonly number[] {
  return Array.from({ length: end - from }, (_, at) => from + at);
}
