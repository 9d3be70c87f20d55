import type { NicResult } from "../../model/network-plan.ts";

/** What came of a NIC, as a person reads it: `ens6 eni-0a: configured`. */
export function describeNic({ mac, name, eni, outcome, reason }: NicResult): string {
  const who = [name ?? mac, ...(eni === null ? [] : [eni])].join(" ");
  return `${who}: ${outcome}${reason === undefined ? "" : ` (${reason})`}`;
}
