import type { LeaseNote } from "./journal.ts";

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
export function addAddress({ nic, address }: LeaseNote, seconds: number): Command {
  const forAWhile = ["valid_lft", String(seconds), "preferred_lft", String(seconds)];
  return ["ip", "-4", "address", "add", `${address}/32`, "dev", nic, "scope", "link", ...forAWhile];
}

/**
 * The way to each endpoint, in a table that only this address looks into. A socket that is bound to
 * the NIC sends without it; the answer gets in by it, where rp_filter (1 or 2) asks for a way back.
 */
export function addWay(note: LeaseNote): readonly Command[] {
  return note.endpoints.flatMap((host) => [route("add", note, host), rule("add", note, host)]);
}

/** The reverse of both, each on its own. */
export function removeWay(note: LeaseNote): readonly Command[] {
  return note.endpoints.flatMap((host) => [rule("del", note, host), route("del", note, host)]);
}

export function removeAddress({ nic, address }: LeaseNote): Command {
  return ["ip", "-4", "address", "del", `${address}/32`, "dev", nic];
}

type Verb = "add" | "del";

function route(verb: Verb, { nic, address, slot }: LeaseNote, host: string): Command {
  const table = ["table", String(leaseTableOf(slot))];
  return ["ip", "-4", "route", verb, host, "dev", nic, "src", address ?? "", ...table];
}

function rule(verb: Verb, { address, slot }: LeaseNote, host: string): Command {
  const which = ["priority", String(leasePriorityOf(slot)), "from", address ?? "", "to", host];
  return ["ip", "-4", "rule", verb, ...which, "lookup", String(leaseTableOf(slot))];
}

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
