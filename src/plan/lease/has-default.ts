import { type KernelState, mainTable } from "../../model/kernel-state.ts";

/** Whether main's best IPv4 default, and no other as good, leads out through the link. */
export function hasDefault(nic: string, { routes }: KernelState): boolean {
  const defaults = routes.filter(
    ({ table, destination }) => table === mainTable && destination === "0.0.0.0/0",
  );
  const best = Math.min(...defaults.map(({ metric }) => metric));
  const used = defaults.filter(({ metric }) => metric === best);
  return used.length > 0 && used.every(({ link }) => link === nic);
}
