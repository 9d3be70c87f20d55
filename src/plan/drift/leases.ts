import { cidrAddress, type Family, familyOf, hostCidr, isLinkLocalIpv4 } from "../../model/ip.ts";
import type { DaemonLinks } from "../../model/backend-facts.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { Difference, Step } from "../../model/plan.ts";
import type { RepairNotes } from "../../model/run-records.ts";
import type { ExpectedAddress, ExpectedKernel, ExpectedNic } from "./expected-kernel.ts";

export interface AcceptedLeases {
  readonly expected: ExpectedKernel;
  /** The addresses that DHCP does not give, and so are added like the others that IMDS lists. */
  readonly accepted: RepairNotes["tried"];
  /** One sentence for each. */
  readonly warnings: readonly string[];
}

/**
 * Accepts what DHCP gives in place of the address that IMDS lists first. If IMDS lists it too, it is
 * accepted at once. Otherwise it may be an old lease, so it is accepted only after the daemon has
 * tried to get the first one; then it gets rules as well. A local network interface of an Outpost
 * has such an address of the site. It is never removed.
 */
export function acceptLeases(
  expected: ExpectedKernel,
  kernel: KernelState,
  { tried }: Pick<RepairNotes, "tried">,
): AcceptedLeases {
  const results = expected.nics.map((nic) => acceptForNic(nic, kernel, tried));
  const nics = results.map(({ nic }) => nic);
  const indexOwners = expected.indexOwners.map((owner) => {
    const rules = nics.find(({ mac }) => mac === owner.mac)?.rules;
    return owner.rules === null || rules === undefined ? owner : { ...owner, rules };
  });
  return {
    expected: { ...expected, nics, indexOwners },
    accepted: results.flatMap(({ accepted }) => accepted),
    warnings: results.flatMap(({ warnings }) => warnings),
  };
}

/**
 * The kernel's state with networkd's DHCPv4 leases marked as such: because of our
 * `KeepConfiguration=dhcp`, networkd sets their addresses without a limited lifetime.
 */
export function markLeases(kernel: KernelState, daemonLinks: DaemonLinks): KernelState {
  const addresses = kernel.addresses.map((each) => {
    const isLease = daemonLinks[each.link]?.networkdLease === each.address;
    return isLease ? { ...each, isDynamic: true } : each;
  });
  return { ...kernel, addresses };
}

type AcceptedForNic = Pick<AcceptedLeases, "accepted" | "warnings"> & { readonly nic: ExpectedNic };

function acceptForNic(
  nic: ExpectedNic,
  kernel: KernelState,
  tried: RepairNotes["tried"],
): AcceptedForNic {
  const found = ([4, 6] as const).flatMap((family) => findOtherLease(nic, kernel, family) ?? []);
  const wasTried = (address: ExpectedAddress): boolean =>
    tried.some(({ mac, address: each }) => mac === nic.mac && each === cidrAddress(address.cidr));
  const accepted = found.filter(({ first, unlisted }) => unlisted.length === 0 || wasTried(first));
  const firsts = accepted.map(({ first }) => first);
  const rules = accepted.flatMap(({ first, unlisted }) =>
    unlisted.flatMap((from) =>
      nic.rules.filter((rule) => rule.from === first.cidr).map((rule) => ({ ...rule, from })),
    ),
  );
  return {
    nic: {
      ...nic,
      addresses: nic.addresses.map((address) =>
        firsts.includes(address) ? { ...address, isLeased: false } : address,
      ),
      rules: [...nic.rules, ...rules],
    },
    accepted: firsts.map(({ cidr }) => ({ mac: nic.mac, address: cidrAddress(cidr) })),
    warnings: accepted.map((lease) => describeOtherLease(nic.name, lease)),
  };
}

function describeOtherLease(name: string, { first, given }: OtherLease): string {
  const leased = given.map(cidrAddress).join(" and ");
  return `${name}: DHCP gives ${leased}, but IMDS lists ${cidrAddress(first.cidr)} first; the NIC has both`;
}

interface OtherLease {
  readonly first: ExpectedAddress;
  /** The addresses that DHCP gives, as CIDRs. */
  readonly given: readonly string[];
  /** Those of them that IMDS does not list. */
  readonly unlisted: readonly string[];
}

/** What DHCP gives instead of the first address of a family; null if it gives that, or nothing. */
function findOtherLease(
  { name, addresses }: ExpectedNic,
  kernel: KernelState,
  family: Family,
): OtherLease | null {
  const first = addresses.find(({ cidr, isLeased }) => isLeased && familyOf(cidr) === family);
  const given = kernel.addresses
    .filter(({ link, isDynamic }) => link === name && isDynamic === true)
    .filter(({ address }) => familyOf(address) === family && !isLinkLocalIpv4(address))
    // other dynamic IPv6 addresses are made from an advertised prefix
    .filter(({ prefixLength }) => family === 4 || prefixLength === 128)
    .map(({ address }) => hostCidr(address));
  if (first === undefined || given.length === 0 || given.includes(first.cidr)) return null;
  const unlisted = given.filter((each) => !addresses.some(({ cidr }) => cidr === each));
  return { first, given, unlisted };
}

/** A leased address that is missing or unusable. */
type LeasedDifference = Extract<Difference, { readonly kind: "address" }> & {
  readonly mac: string;
};

function isLeasedDifference(each: Difference): each is LeasedDifference {
  return each.kind === "address" && each.isLeased && each.mac !== null;
}

/** The differences that an earlier run tried to repair by DHCP, without success. */
export function findTriedRepairs(
  differences: readonly Difference[],
  { tried }: Pick<RepairNotes, "tried">,
): readonly LeasedDifference[] {
  return differences
    .filter(isLeasedDifference)
    .filter(({ mac, cidr }) =>
      tried.some((each) => each.mac === mac && each.address === cidrAddress(cidr)),
    );
}

/** The addresses that the daemon's commands in `steps` try to get. */
export function listTriedRepairs(
  differences: readonly Difference[],
  steps: readonly Step[],
): RepairNotes["tried"] {
  const asked = new Set(steps.filter(({ argv }) => argv[0] !== "ip").map(({ mac }) => mac));
  return differences
    .filter(isLeasedDifference)
    .filter(({ mac }) => asked.has(mac))
    .map(({ mac, cidr }) => ({ mac, address: cidrAddress(cidr) }));
}

interface RunNotes extends Pick<AcceptedLeases, "accepted" | "warnings"> {
  /** What the daemon is asked to repair by this run. */
  readonly asked: RepairNotes["tried"];
  /** What is not repaired, because an earlier run tried it. */
  readonly tried: readonly LeasedDifference[];
}

/** The notes after a run for these MACs. A difference that has gone is forgotten. */
export function updateNotes(
  notes: RepairNotes,
  macs: readonly string[],
  { asked, tried, accepted, warnings }: RunNotes,
): RepairNotes {
  const others = notes.tried.filter(({ mac }) => !macs.includes(mac));
  const still = tried.map(({ mac, cidr }) => ({ mac, address: cidrAddress(cidr) }));
  return {
    tried: [...others, ...asked, ...still, ...accepted],
    told: [...new Set([...notes.told, ...warnings])],
  };
}
