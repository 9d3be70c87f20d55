import type { LeaseRecord } from "./journal.ts";

export type Command = readonly string[];

/** Prints the IPv4 addresses of a NIC, one per line, with the `ip` of iproute2 or of busybox. */
export function showAddresses(nic: string): Command {
  return ["ip", "-4", "-o", "address", "show", "dev", nic];
}

/** Sets a link up or down. */
export function setLink(nic: string, state: "up" | "down"): Command {
  return ["ip", "link", "set", "dev", nic, state];
}

/**
 * Adds the address of a lease for `seconds`; then the kernel removes the address if ec2nic has not.
 * A /32 creates no route to a subnet, and with `scope link` no other traffic uses it as the source.
 */
export function addAddress({ nic, address }: LeaseRecord, seconds: number): Command {
  const lifetime = ["valid_lft", String(seconds), "preferred_lft", String(seconds)];
  return ["ip", "-4", "address", "add", `${address}/32`, "dev", nic, "scope", "link", ...lifetime];
}

/**
 * Adds a route to each endpoint, in a table that only packets from this address use. A socket that
 * is bound to the NIC can send without a route, but if rp_filter is 1 or 2, answers need a route
 * back.
 */
export function addEndpointRoutes(record: LeaseRecord): readonly Command[] {
  return record.endpoints.flatMap((host) => [
    buildRouteCommand("add", record, host),
    buildRuleCommand("add", record, host),
  ]);
}

/** Removes the routes and rules of `addEndpointRoutes`. */
export function removeEndpointRoutes(record: LeaseRecord): readonly Command[] {
  return record.endpoints.flatMap((host) => [
    buildRuleCommand("del", record, host),
    buildRouteCommand("del", record, host),
  ]);
}

/** Removes the address of a lease. */
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
 * The first table and rule priority of temporary leases. `plan/config/table-numbers.ts` uses other
 * ones for NICs (tables from 10000, priorities from 1600).
 *
 * | number   | from | why |
 * |----------|------|-----|
 * | table    | 900  | busybox's `ip` accepts none above 1023; the kernel uses 253 to 255, the VPC CNI 2 and up, cloud-init 100 and up |
 * | priority | 400  | before every rule that could match first: 512 to 1536 (VPC CNI), 1000 (l3mdev), 1600 and up (ours); it matches packets from one address to IMDS only |
 *
 * Each lease has one of each.
 */
const firstLease = { table: 900, priority: 400 } as const;

/** More leases than an instance has NICs. */
export const maxLeases = 100;

/** The routing table of the lease in this slot; slots count from 0. */
export function leaseTable(slot: number): number {
  return firstLease.table + slot;
}

/** The priority of the rules of the lease in this slot. */
export function leasePriority(slot: number): number {
  return firstLease.priority + slot;
}
