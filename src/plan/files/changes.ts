import type { NetworkPlan } from "../../model/network-plan.ts";
import { dnsPath, macOfOwnPath } from "../../model/own-files.ts";

/** What a plan does to files. */
export type Changes = Pick<NetworkPlan, "write" | "remove">;

/** The NICs of which a file is written or removed. */
export function changedMacs({ write, remove }: Changes): ReadonlySet<string> {
  const macs = [...write.map(({ mac }) => mac), ...remove.map(macOfOwnPath)];
  return new Set(macs.filter((mac) => mac !== null));
}

/** Whether it changes what NetworkManager is told about DNS. */
export function changesDns({ write, remove }: Changes): boolean {
  return write.some(({ path }) => path === dnsPath) || remove.includes(dnsPath);
}
