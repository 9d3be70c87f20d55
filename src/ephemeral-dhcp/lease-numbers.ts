/**
 * Numbers of what a temporary lease puts into the kernel, clear of all that `plan/numbers.ts` gives
 * to NICs (tables from 10000, priorities from 2000).
 *
 * | number   | from | why |
 * |----------|------|-----|
 * | table    | 900  | busybox's `ip` knows none above 1023; clear of 253 to 255 (the kernel's) and of the small ones that cloud-init (100 and up), the VPC CNI (2 and up) and admins take |
 * | priority | 400  | before all that could send an answer's way elsewhere: 512 to 1536 (VPC CNI), 1000 (l3mdev), 2000 and up (ours); it concerns one address on its way to IMDS, and nothing else |
 *
 * One of each for a NIC: which NIC the way leads through is the table's one route.
 */
const first = { table: 900, priority: 400 } as const;

/** How many leases can be held at once: no instance has as many NICs. */
export const mostLeases = 100;

/** The routing table of the `slot`-th lease, from 0. */
export function leaseTableOf(slot: number): number {
  return first.table + slot;
}

/** The priority of its rules. */
export function leasePriorityOf(slot: number): number {
  return first.priority + slot;
}
