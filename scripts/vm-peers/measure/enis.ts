import { eni, type EniSpec } from "../../simulator/scenario/eni-spec.ts";

export const primary: EniSpec = { device: 0, dualStack: true };
export const second: EniSpec = { device: 1, dualStack: true, ipv4: ["10.0.1.10", "10.0.1.11"] };

/** All addresses of an ENI, IPv4 first. */
export function ownAddresses(spec: EniSpec): readonly string[] {
  const { ipv4, ipv6 } = eni(spec);
  return [...ipv4, ...ipv6];
}
