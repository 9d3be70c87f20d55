import type { NicConfig } from "../../../src/model/network-config.ts";
import { type ConfigSettings, configure } from "../../../src/plan/config/configure.ts";
import type { Eni } from "../../../src/model/eni.ts";
import { eniAt } from "./nics.ts";

/** A second ENI with two addresses and a prefix of each family. */
export const richEni: Eni = eniAt(1, {
  ipv4: {
    addresses: ["10.0.1.20", "10.0.1.21"],
    subnets: ["10.0.1.0/24"],
    vpcCidrs: ["10.0.0.0/16"],
    prefixes: ["10.0.1.32/28"],
  },
  ipv6: {
    addresses: ["2001:db8:ec2:1::20", "2001:db8:ec2:1::21"],
    subnets: ["2001:db8:ec2:1::/64"],
    vpcCidrs: ["2001:db8:ec2::/56"],
    prefixes: ["2001:db8:ec2:1:a::/80"],
  },
});

/** The configuration of the NICs of these ENIs, with rules for link groups. */
export function configsOf(...enis: readonly Eni[]): { readonly nics: readonly NicConfig[] } {
  return configsWith({ ruleStyle: "group" }, ...enis);
}

/** The configuration of the NICs of these ENIs. */
export function configsWith(
  settings: ConfigSettings,
  ...enis: readonly Eni[]
): { readonly nics: readonly NicConfig[] } {
  const nics = enis.map((eni) => ({ eni, link: null }));
  return configure(nics, settings);
}
