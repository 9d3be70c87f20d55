import type { DhcpLease } from "../../model/dhcp.ts";
import type { Step } from "../../model/plan.ts";
import type { KernelState } from "../../model/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import type { RoutingPolicyRule, RuleStyle } from "../../model/network-config.ts";
import { checkKernel } from "../drift/compare.ts";
import { configure } from "../config/configure.ts";
import { slotOfIndex } from "../config/table-numbers.ts";
import { addMainRoutes } from "../drift/main-routes.ts";
import { expectedKernel } from "../drift/expected-kernel.ts";
import { repairSteps } from "../drift/repair.ts";

/** A NIC with a lease, and the index from which its table and rules follow. */
export interface NumberedLease {
  readonly link: Link;
  readonly lease: DhcpLease;
  readonly eniId: string;
  readonly index: number;
  /** The VPC's networks; empty if not known. */
  readonly vpcNetworks: readonly string[];
  readonly ruleStyle: RuleStyle;
  /** All links of the machine. */
  readonly links: readonly Link[];
}

export interface RoutedLease {
  /** The commands that add what the kernel lacks. */
  readonly steps: readonly Step[];
  /** All rules that the kernel must have for the lease. */
  readonly rules: readonly RoutingPolicyRule[];
}

/**
 * The steps that `activate` would plan for an ENI that has only the lease's address, but without
 * those for addresses. Rules of other addresses are ignored, because a lease does not list them.
 */
export function routeLease(numbered: NumberedLease, kernel: KernelState): RoutedLease {
  const { link, lease, eniId, index, vpcNetworks, ruleStyle, links } = numbered;
  const { address, subnet } = lease;
  const ipv4 = { addresses: [address], subnets: [subnet], vpcCidrs: vpcNetworks, prefixes: [] };
  const ipv6 = { addresses: [], subnets: [], vpcCidrs: [], prefixes: [] };
  const identity = { mac: link.mac ?? "", id: eniId, isPrimary: false };
  const eni = { ...identity, ...slotOfIndex(index), ipv4, ipv6 };
  const config = configure([{ eni, link }], { ruleStyle });
  const configured = expectedKernel(config, { enis: [eni], incomplete: [] });
  const expected = addMainRoutes(configured, kernel, links);
  const routingOnly = { ...expected, indexOwners: [], isComplete: false };
  const all = checkKernel(routingOnly, kernel);
  const differences = all.filter(({ kind }) => ["link-group", "route", "rule"].includes(kind));
  const noBackend = { backend: "networkd", renderer: null, isRunning: false } as const;
  return {
    steps: repairSteps(differences, expected, noBackend).steps,
    rules: config.nics.flatMap(({ rules }) => rules),
  };
}
