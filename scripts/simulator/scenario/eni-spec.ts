import type { Late } from "./lateness.ts";

/** The description of an ENI; `eni()` fills in all missing fields. */
export interface EniSpec {
  /** Device index; 0 on card 0 is the primary. */
  readonly device: number;
  /** Network card; if undefined, the leaf `network-card` does not exist. */
  readonly card?: number;
  readonly mac?: string;
  readonly id?: string;
  /** The first is the primary address, the others are secondary. Empty: an IPv6-only subnet. */
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
  /** Adds an IPv6 address, subnet and VPC range, unless they are given. */
  readonly dualStack?: boolean;
  readonly subnetCidr?: string;
  readonly subnetIpv6Cidrs?: readonly string[];
  readonly vpcCidrs?: readonly string[];
  readonly vpcIpv6Cidrs?: readonly string[];
  /** Delegated, /28 each. */
  readonly ipv4Prefixes?: readonly string[];
  /** Delegated, /80 each. */
  readonly ipv6Prefixes?: readonly string[];
  /** Each is associated with the private address at the same index. */
  readonly publicIpv4?: readonly string[];
  /** No IP address at all: an EFA-only interface of AWS. */
  readonly efaOnly?: boolean;
  /** Leaves that are listed and have no value, as `public-hostname` without DNS host names. */
  readonly emptyLeaves?: readonly string[];
  /** Keys below its folder, `.` for the folder; times count from the start or the attachment. */
  readonly late?: Readonly<Record<string, Late>>;
}

/** An ENI with all fields filled in. */
export interface FullEni extends EniSpec {
  readonly mac: string;
  readonly id: string;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly subnetCidr: string;
  readonly subnetIpv6Cidrs: readonly string[];
  readonly vpcCidrs: readonly string[];
  readonly vpcIpv6Cidrs: readonly string[];
  readonly ipv4Prefixes: readonly string[];
  readonly ipv6Prefixes: readonly string[];
  readonly publicIpv4: readonly string[];
}

/**
 * Fills in the missing fields from card and device: `eni({ device: 1 })` is 06:ec:2a:00:00:01 with
 * 10.0.1.10 in 10.0.1.0/24.
 */
export function eni(spec: EniSpec): FullEni {
  const card = spec.card ?? 0;
  const net = card * 16 + spec.device;
  const hasIpv4 = !spec.efaOnly;
  const hasIpv6 = !spec.efaOnly && (spec.dualStack === true || (spec.ipv6 ?? []).length > 0);
  const mac = (spec.mac ?? `06:ec:2a:00:${hex(card, 2)}:${hex(spec.device, 2)}`).toLowerCase();
  const net6 = `2600:1f14:ec2:${hex(0x100 + net, 1)}`;
  return {
    ...spec,
    mac,
    // The same length as an ID of AWS: 17 digits.
    id: spec.id ?? `eni-0ec20${mac.replaceAll(":", "")}`,
    ipv4: spec.ipv4 ?? (hasIpv4 ? [`10.0.${net}.10`] : []),
    ipv6: spec.ipv6 ?? (hasIpv6 ? [`${net6}::10`] : []),
    subnetCidr: spec.subnetCidr ?? `10.0.${net}.0/24`,
    subnetIpv6Cidrs: spec.subnetIpv6Cidrs ?? (hasIpv6 ? [`${net6}::/64`] : []),
    vpcCidrs: spec.vpcCidrs ?? ["10.0.0.0/16"],
    vpcIpv6Cidrs: spec.vpcIpv6Cidrs ?? (hasIpv6 ? ["2600:1f14:ec2:100::/56"] : []),
    ipv4Prefixes: spec.ipv4Prefixes ?? [],
    ipv6Prefixes: spec.ipv6Prefixes ?? [],
    publicIpv4: spec.publicIpv4 ?? [],
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
