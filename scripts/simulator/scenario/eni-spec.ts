import type { Late } from "./lateness.ts";

/** An ENI in as few words as one likes; `eni()` fills in the rest. */
export interface EniSpec {
  /** Device index; 0 on card 0 is the primary. */
  readonly device: number;
  /** Network card; `network-card` is there only where this is. */
  readonly card?: number;
  readonly mac?: string;
  readonly id?: string;
  /** The first is its own, the others secondary; none: an IPv6-only subnet. */
  readonly ipv4?: readonly string[];
  readonly ipv6?: readonly string[];
  /** An IPv6 address, subnet and VPC range, where they are not written. */
  readonly dualStack?: boolean;
  readonly subnetCidr?: string;
  readonly subnetIpv6Cidrs?: readonly string[];
  readonly vpcCidrs?: readonly string[];
  readonly vpcIpv6Cidrs?: readonly string[];
  /** Delegated, /28 each. */
  readonly ipv4Prefixes?: readonly string[];
  /** Delegated, /80 each. */
  readonly ipv6Prefixes?: readonly string[];
  /** Each is associated with the private address at the same place. */
  readonly publicIpv4?: readonly string[];
  /** No IP at all, as AWS has it for EFA-only interfaces. */
  readonly efaOnly?: boolean;
  /** Keys below its folder, `.` for the folder itself; since the start or the attachment. */
  readonly late?: Readonly<Record<string, Late>>;
}

/** An ENI with nothing left open. */
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
 * An ENI whole: `eni({ device: 1 })` is 06:ec:2a:00:00:01 with 10.0.1.10 in 10.0.1.0/24. What is
 * not written follows from card and device alone.
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
    // As long as AWS's: 17 digits.
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
