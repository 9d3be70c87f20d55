import { type Family, familyOf, hostCidr } from "../../model/ip.ts";
import type { ExistingFile } from "../../model/plan.ts";
import type { Eni, IncompleteEni } from "../../model/eni.ts";
import type {
  NetworkConfig,
  NicConfig,
  Route,
  RoutingPolicyRule,
} from "../../model/network-config.ts";
import { eniIndex } from "../config/table-numbers.ts";
import { parseManagedNics } from "../files/managed-nics.ts";

/** What the kernel must have, whichever daemon brought it there. */
export interface ExpectedKernel {
  /** The configured NICs that are here. */
  readonly nics: readonly ExpectedNic[];
  /** Every ENI that is configured has its index, whether its NIC is here or not. */
  readonly indexOwners: readonly IndexOwner[];
  /** An ENI is listed whose index is not known yet: any index may be its. */
  readonly isComplete: boolean;
  /** Indexes of NICs that have left the machine. */
  readonly removedIndexes: readonly number[];
}

export interface ExpectedNic {
  readonly mac: string;
  readonly name: string;
  readonly isPrimary: boolean;
  readonly addresses: readonly ExpectedAddress[];
  /** All in the NIC's own table. */
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingPolicyRule[];
  /** A default route of the main table leads out through the NIC. */
  readonly defaultRouteFamilies: readonly Family[];
}

export interface ExpectedAddress {
  /** /32 and /128: with which length it stands on the link does not matter. */
  readonly cidr: string;
  /** DHCP hands it out. */
  readonly isLeased: boolean;
}

/** Whose the table, and the priorities, of an index are. */
export interface IndexOwner {
  readonly index: number;
  readonly mac: string;
  readonly name: string | null;
  /** null: the ENI is left alone, and so is whatever it has of rules. */
  readonly rules: readonly RoutingPolicyRule[] | null;
}

/** What IMDS lists. */
export interface ListedEnis {
  readonly enis: readonly Eni[];
  readonly incomplete: readonly IncompleteEni[];
  /** `macs`: these alone, and of the others nothing is known; null, or left out: all. */
  readonly scope?: { readonly macs: readonly string[] | null; readonly gone: readonly string[] };
}

/**
 * What `config` means for the kernel. `listed`: those that it leaves alone have their numbers too.
 * `files`: ours, which tell the numbers of NICs that are gone.
 */
export function expectedKernel(
  config: NetworkConfig,
  listed: ListedEnis,
  files: readonly ExistingFile[] = [],
): ExpectedKernel {
  const configured = new Set(config.nics.map(({ mac }) => mac));
  const leftAlone = listed.enis.filter(
    ({ mac }) => !configured.has(mac) && !listed.scope?.gone.includes(mac),
  );
  return {
    nics: config.nics.flatMap((nic) => (nic.name === null ? [] : [expectedNic(nic, nic.name)])),
    indexOwners: [
      ...config.nics.map(({ index, mac, name, rules }) => ({ index, mac, name, rules })),
      ...leftAlone.map((eni) => ({ index: eniIndex(eni), mac: eni.mac, name: null, rules: null })),
    ],
    isComplete: listed.incomplete.length === 0 && (listed.scope?.macs ?? null) === null,
    removedIndexes: parseManagedNics(files)
      .filter(({ mac, isPrimary }) => !isPrimary && listed.scope?.gone.includes(mac))
      .map(({ index }) => index),
  };
}

function expectedNic(nic: NicConfig, name: string): ExpectedNic {
  const { mac, isPrimary, routes, rules, leased } = nic;
  return {
    mac,
    name,
    isPrimary,
    addresses: [
      ...leased.map((address) => ({ cidr: hostCidr(address), isLeased: true })),
      ...nic.addresses.map((cidr) => ({ cidr, isLeased: false })),
    ],
    routes,
    rules,
    // Of the others' defaults in main only the own table's are needed.
    defaultRouteFamilies: isPrimary ? leased.map(familyOf) : [],
  };
}
