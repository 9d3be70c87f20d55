import type { LinkAddress } from "../model/link.ts";
import type { LeaseJournal, LeaseRecord, ProcessRecord } from "./journal.ts";
import type { ClientHost, LeaseClient, LeaseRequest } from "./clients/client.ts";
import { recordPreviousFiles } from "./client-files.ts";
import {
  addAddress,
  addEndpointRoutes,
  type Command,
  setLink,
  showAddresses,
} from "./ip-commands.ts";
import { readLinkState } from "../inspect/links/link-states.ts";

export type LeaseResult =
  | { readonly kind: "leased"; readonly address: LinkAddress }
  | { readonly kind: "none"; readonly reason: string };

export interface LeaseTask extends Omit<LeaseRequest, "onStart"> {
  readonly slot: number;
  /** IPv4 addresses that must be reached through the NIC. */
  readonly endpoints: readonly string[];
  readonly client: LeaseClient;
  readonly journal: LeaseJournal;
  /** The time after which the kernel removes the address. */
  readonly holdSeconds: number;
}

const commandMs = 10_000;
const carrierPollMs = 20;
/** DHCP clients accept only whole seconds as a time limit. */
const minRequestMs = 1000;

/**
 * Takes a lease for a NIC without an IPv4 address, and adds the address. Each change is written to
 * the journal before it is made. The caller undoes the changes, also if this throws.
 */
export async function takeLease(host: ClientHost, task: LeaseTask): Promise<LeaseResult> {
  const { nic, client, journal, signal } = task;
  if (await hasAddress(host, nic)) return noLease("it has an IPv4 address");
  const obstacle = await client.findObstacle(host, nic);
  if (obstacle !== null) return noLease(obstacle);
  if (task.deadlineMs - host.clock.now() < minRequestMs)
    return noLease("too little time is left for a DHCP request");
  const record = await createRecord(host, task);
  signal.throwIfAborted();
  await journal.write(record);
  if (record.wasDown) await runOrThrow(host, setLink(nic, "up"));
  if (!(await hasCarrier(host, task, record.wasDown))) return noLease("it has no carrier");
  const onStart = (process: ProcessRecord) => journal.write({ ...record, client: process });
  const address = await client.request(host, { ...task, onStart });
  signal.throwIfAborted();
  if (address === null) return noLease(`no DHCP server granted an address to ${client.name}`);
  if (await hasAddress(host, nic)) return noLease("another program has just given it an address");
  await journal.write({ ...record, address });
  await configureAddress(host, { ...record, address }, task.holdSeconds);
  signal.throwIfAborted();
  host.log.verbose(`${nic}: has the temporary address ${address}, from ${client.name}`);
  const shape = { family: "ipv4", prefixLength: 32, scopeId: 0 } as const;
  return { kind: "leased", address: { nic, address, ...shape } };
}

/** The result if there is no lease, with the reason. */
export function noLease(reason: string): LeaseResult {
  return { kind: "none", reason };
}

async function createRecord(
  host: ClientHost,
  { nic, mac, slot, endpoints, client }: LeaseTask,
): Promise<LeaseRecord> {
  const wasDown = !(await readLinkState(host, nic)).isUp;
  const usesNetworkd = client.name === "networkd";
  const previous = await recordPreviousFiles(host, client, { nic, mac });
  const none = { address: null, client: null };
  return { nic, mac, slot, wasDown, endpoints, usesNetworkd, ...none, ...previous };
}

/** Waits for carrier only after a link was set up, because the carrier comes a moment later. */
async function hasCarrier(
  host: ClientHost,
  { nic, deadlineMs, signal }: LeaseTask,
  wasDown: boolean,
): Promise<boolean> {
  for (;;) {
    if ((await readLinkState(host, nic)).hasCarrier) return true;
    if (!wasDown || host.clock.now() >= deadlineMs) return false;
    await host.clock.sleep(carrierPollMs, signal);
  }
}

/** Ignores a failure of `ip rule` (some busybox lack it), because it matters only with rp_filter. */
async function configureAddress(
  host: ClientHost,
  record: LeaseRecord,
  holdSeconds: number,
): Promise<void> {
  await runOrThrow(host, addAddress(record, holdSeconds));
  for (const command of addEndpointRoutes(record)) {
    const error = await runCommand(host, command);
    if (error !== null) host.log.verbose(`${record.nic}: this failure is ignored: ${error}`);
  }
}

async function hasAddress(host: ClientHost, nic: string): Promise<boolean> {
  const command = showAddresses(nic);
  const { code, stdout, stderr } = await host.exec(command, { timeoutMs: commandMs });
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim() || `ended with ${code}`}`);
  return stdout.includes(" inet ");
}

async function runOrThrow(host: ClientHost, command: Command): Promise<void> {
  const error = await runCommand(host, command);
  if (error !== null) throw new Error(error);
}

/** Returns null if the command succeeded, else a message. */
async function runCommand(host: ClientHost, command: Command): Promise<string | null> {
  host.log.verbose(`running ${command.join(" ")}`);
  const { code, stderr } = await host.exec(command, { timeoutMs: commandMs });
  return code === 0 ? null : `${command.join(" ")}: ${stderr.trim() || `ended with ${code}`}`;
}
