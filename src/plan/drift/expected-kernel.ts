import { type Family, familyOf, hostCidr } from "../../model/ip.ts";
import type { ExistingFile } from "../../model/plan.ts";
import type {
  NetworkConfig,
  NicConfig,
  Route,
  RoutingPolicyRule,
} from "../../model/network-config.ts";
import { eniIndex, tableOf } from "../config/table-numbers.ts";
import { parseManagedNics } from "../files/managed-nics.ts";
import type { NetworkFacts } from "../files/plan-network.ts";

/** What the kernel must have, whichever daemon configured it. */
export interface ExpectedKernel {
  /** The configured NICs that have a link. */
  readonly nics: readonly ExpectedNic[];
  /** The ENIs with a known index, with or without a link. */
  readonly indexOwners: readonly IndexOwner[];
  /** Whether all indexes are known; if not, an index without owner may belong to an ENI. */
  readonly isComplete: boolean;
  /** Indexes of NICs that have left the machine. */
  readonly removedIndexes: readonly number[];
}

export interface ExpectedNic {
  readonly mac: string;
  readonly name: string;
  readonly isPrimary: boolean;
  /** The NIC's own table. */
  readonly table: number;
  /** null if the link's group does not matter. */
  readonly linkGroup: number | null;
  readonly addresses: readonly ExpectedAddress[];
  /** All in the NIC's own table. */
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingPolicyRule[];
  /** The families for which the main table must have a default route through the NIC. */
  readonly defaultRouteFamilies: readonly Family[];
}

export interface ExpectedAddress {
  /** Ends in /32 or /128, because the prefix length on the link does not matter. */
  readonly cidr: string;
  /** Whether DHCP gives the address. */
  readonly isLeased: boolean;
}

/** The ENI to which an index, and so a table and priorities, belongs. */
export interface IndexOwner {
  readonly index: number;
  readonly mac: string;
  readonly name: string | null;
  /** null if the ENI is left alone, including its rules. */
  readonly rules: readonly RoutingPolicyRule[] | null;
}

/** What IMDS lists. The plan is for all of it, unless `scope.macs` limits the plan. */
type ListedEnis = Pick<NetworkFacts, "enis" | "incomplete" | "scope">;

/**
 * What the kernel must have for `config`. ENIs that are left alone own their indexes too. `files`:
 * our files, which contain the indexes of NICs that are gone.
 */
export function expectedKernel(
  config: NetworkConfig,
  { enis, incomplete, scope }: ListedEnis,
  files: readonly ExistingFile[] = [],
): ExpectedKernel {
  const configured = new Set(config.nics.map(({ mac }) => mac));
  const leftAlone = enis.filter(({ mac }) => !configured.has(mac) && !scope?.gone.includes(mac));
  return {
    nics: config.nics.flatMap((nic) => (nic.name === null ? [] : [expectedNic(nic, nic.name)])),
    indexOwners: [
      ...config.nics.map(({ index, mac, name, rules }) => ({ index, mac, name, rules })),
      ...leftAlone.map((eni) => ({ index: eniIndex(eni), mac: eni.mac, name: null, rules: null })),
    ],
    isComplete: incomplete.length === 0 && (scope?.macs ?? null) === null,
    removedIndexes: parseManagedNics(files)
      .filter(({ mac }) => scope?.gone.includes(mac))
      .map(({ index }) => index),
  };
}

function expectedNic(nic: NicConfig, name: string): ExpectedNic {
  const { mac, isPrimary, linkGroup, routes, rules, leased } = nic;
  return {
    mac,
    name,
    isPrimary,
    table: tableOf(nic.index),
    linkGroup,
    addresses: [
      ...leased.map((address) => ({ cidr: hostCidr(address), isLeased: true })),
      ...nic.addresses.map((cidr) => ({ cidr, isLeased: false })),
    ],
    routes,
    rules,
    // The other NICs need a default route only in their own table.
    defaultRouteFamilies: isPrimary ? leased.map(familyOf) : [],
  };
}
