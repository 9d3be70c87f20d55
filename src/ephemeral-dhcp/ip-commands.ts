import type { LeaseRecord } from "./journal.ts";

/** A command, as an argv. */
export type Command = readonly string[];

/** What shows a NIC's IPv4 addresses, a line each; iproute2's and busybox's `ip` alike. */
export function showAddresses(nic: string): Command {
  return ["ip", "-4", "-o", "address", "show", "dev", nic];
}

export function setLink(nic: string, state: "up" | "down"): Command {
  return ["ip", "link", "set", "dev", nic, state];
}

/**
 * Puts the address on: for `seconds`, after which the kernel takes it away, whoever has forgotten
 * it. A /32 makes no subnet's route, and within `scope link` nobody else's traffic takes it as its
 * source.
 */
export function addAddress({ nic, address }: LeaseRecord, seconds: number): Command {
  const lifetime = ["valid_lft", String(seconds), "preferred_lft", String(seconds)];
  return ["ip", "-4", "address", "add", `${address}/32`, "dev", nic, "scope", "link", ...lifetime];
}

/**
 * The way to each endpoint, in a table that only this address looks into. A socket that is bound to
 * the NIC sends without it; the answer gets in by it, where rp_filter (1 or 2) asks for a way back.
 */
export function addEndpointRoutes(record: LeaseRecord): readonly Command[] {
  return record.endpoints.flatMap((host) => [
    buildRouteCommand("add", record, host),
    buildRuleCommand("add", record, host),
  ]);
}

/** The reverse of both, each on its own. */
export function removeEndpointRoutes(record: LeaseRecord): readonly Command[] {
  return record.endpoints.flatMap((host) => [
    buildRuleCommand("del", record, host),
    buildRouteCommand("del", record, host),
  ]);
}

export function removeAddress({ nic, address }: LeaseRecord): Command {
  return ["ip", "-4", "address", "del", `${address}/32`, "dev", nic];
}

type Verb = "add" | "del";

function buildRouteCommand(verb: Verb, { nic, address, slot }: LeaseRecord, host: string): Command {
  const table = ["table", String(leaseTable(slot))];
  return ["ip", "-4", "route", verb, host, "dev", nic, "src", address ?? "", ...table];
}

function buildRuleCommand(verb: Verb, { address, slot }: LeaseRecord, host: string): Command {
  const selector = ["priority", String(leasePriority(slot)), "from", address ?? "", "to", host];
  return ["ip", "-4", "rule", verb, ...selector, "lookup", String(leaseTable(slot))];
}

/**
 * Numbers of what a temporary lease puts into the kernel, clear of all that `plan/config/table-numbers.ts` gives
 * to NICs (tables from 10000, priorities from 2000).
 *
 * | number   | from | why |
 * |----------|------|-----|
 * | table    | 900  | busybox's `ip` knows none above 1023; clear of 253 to 255 (the kernel's) and of the small ones that cloud-init (100 and up), the VPC CNI (2 and up) and admins take |
 * | priority | 400  | before all that could send an answer's way elsewhere: 512 to 1536 (VPC CNI), 1000 (l3mdev), 2000 and up (ours); it concerns one address on its way to IMDS, and nothing else |
 *
 * One of each for a NIC: which NIC the way leads through is the table's one route.
 */
const firstLease = { table: 900, priority: 400 } as const;

/** How many leases can be held at once: no instance has as many NICs. */
export const maxLeases = 100;

/** The routing table of the `slot`-th lease, from 0. */
export function leaseTable(slot: number): number {
  return firstLease.table + slot;
}

/** The priority of its rules. */
export function leasePriority(slot: number): number {
  return firstLease.priority + slot;
}
