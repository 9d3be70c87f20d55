import type { Host } from "../host/host.ts";
import type { LinkAddress } from "../model/link.ts";
import type { LeaseJournal, LeaseRecord } from "./journal.ts";
import { runClient, type DhcpClient, type NetworkdClient } from "./clients.ts";
import { requestNetworkdLease, findNetworkdObstacle } from "./networkd.ts";
import { recordPreviousFiles } from "./client-files.ts";
import {
  addAddress,
  addEndpointRoutes,
  type Command,
  setLink,
  showAddresses,
} from "./ip-commands.ts";
import { readLinkState } from "../inspect/links/link-states.ts";

/** A lease, or why there is none. */
export type LeaseResult =
  | { readonly kind: "leased"; readonly address: LinkAddress }
  | { readonly kind: "none"; readonly reason: string };

export type TakeHost = Pick<Host, "clock" | "endProcess" | "exec" | "files" | "log">;

export interface LeaseTask {
  readonly nic: string;
  readonly mac: string;
  readonly slot: number;
  /** Whose way leads through the NIC: IPv4 addresses. */
  readonly endpoints: readonly string[];
  readonly client: DhcpClient | NetworkdClient;
  readonly journal: LeaseJournal;
  /** On `Clock.now`: a lease that is not there by then is none. */
  readonly deadlineMs: number;
  /** So long the address stays at most, if nobody takes it away. */
  readonly holdSeconds: number;
  readonly signal: AbortSignal;
}

const commandMs = 10_000;
const carrierPollMs = 20;
/** Clients count in seconds. */
const minRequestMs = 1000;

/**
 * Takes a lease on one NIC that has no IPv4 address, and puts the address on. What is about to be
 * changed is in the book before; undoing it is the caller's, also when this throws.
 */
export async function takeLease(host: TakeHost, task: LeaseTask): Promise<LeaseResult> {
  const { nic, journal, signal } = task;
  if (await hasAddress(host, nic)) return noLease("it has an IPv4 address");
  const isNetworkd = task.client.name === "networkd";
  const refusal = isNetworkd ? await findNetworkdObstacle(host, task) : null;
  if (refusal !== null) return noLease(refusal);
  if (task.deadlineMs - host.clock.now() < minRequestMs)
    return noLease("too little time is left to ask in");
  const record = await createRecord(host, task);
  signal.throwIfAborted();
  await journal.write(record);
  if (record.wasDown) await runOrThrow(host, setLink(nic, "up"));
  if (!(await hasCarrier(host, task, record.wasDown))) return noLease("it has no carrier");
  const address = await requestAddress(host, task, record);
  signal.throwIfAborted();
  if (address === null) return noLease(`no DHCP server granted an address to ${task.client.name}`);
  if (await hasAddress(host, nic)) return noLease("somebody has just given it an IPv4 address");
  const grantedRecord = { ...record, address };
  await journal.write(grantedRecord);
  await configureAddress(host, task, grantedRecord);
  signal.throwIfAborted();
  host.log.verbose(`${nic}: has ${address} for now, by ${task.client.name}`);
  return {
    kind: "leased",
    address: { nic, family: "ipv4", address, prefixLength: 32, scopeId: 0 },
  };
}

export function noLease(reason: string): LeaseResult {
  return { kind: "none", reason };
}

async function createRecord(
  host: TakeHost,
  { nic, mac, slot, endpoints, client }: LeaseTask,
): Promise<LeaseRecord> {
  const wasDown = !(await readLinkState(host, nic)).isUp;
  const previousFiles = await recordPreviousFiles(host, client.name, { nic, mac });
  const isNetworkd = client.name === "networkd";
  const nothing = { address: null, client: null };
  return { nic, mac, slot, wasDown, endpoints, isNetworkd, ...nothing, ...previousFiles };
}

/** A link that has just been put up needs a moment; what is up without carrier has no cable. */
async function hasCarrier(
  host: TakeHost,
  task: LeaseTask,
  wasJustSetUp: boolean,
): Promise<boolean> {
  for (;;) {
    if ((await readLinkState(host, task.nic)).hasCarrier) return true;
    if (!wasJustSetUp || host.clock.now() >= task.deadlineMs) return false;
    await host.clock.sleep(carrierPollMs, task.signal);
  }
}

async function requestAddress(
  host: TakeHost,
  task: LeaseTask,
  record: LeaseRecord,
): Promise<string | null> {
  const { nic, client, journal, deadlineMs, signal } = task;
  if (client.name === "networkd") return requestNetworkdLease(host, task);
  const seconds = Math.floor((deadlineMs - host.clock.now()) / 1000);
  if (seconds < 1) return null;
  const onStart = (process: LeaseRecord["client"]): Promise<void> =>
    journal.write({ ...record, client: process });
  return runClient(host, { client, nic, seconds, signal, onStart });
}

/** Without `ip rule` (busybox's may lack it) the answer gets in all the same where nothing filters. */
async function configureAddress(
  host: TakeHost,
  task: LeaseTask,
  record: LeaseRecord,
): Promise<void> {
  await runOrThrow(host, addAddress(record, task.holdSeconds));
  for (const command of addEndpointRoutes(record)) {
    const error = await runCommand(host, command);
    if (error !== null) host.log.verbose(`${record.nic}: ${error}, ignoring`);
  }
}

async function hasAddress(host: TakeHost, nic: string): Promise<boolean> {
  const command = showAddresses(nic);
  const { code, stdout, stderr } = await host.exec(command, { timeoutMs: commandMs });
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim() || `ended with ${code}`}`);
  return stdout.includes(" inet ");
}

async function runOrThrow(host: TakeHost, command: Command): Promise<void> {
  const error = await runCommand(host, command);
  if (error !== null) throw new Error(error);
}

/** What a command said that failed; null: it did not. */
async function runCommand(host: TakeHost, command: Command): Promise<string | null> {
  host.log.verbose(`runs ${command.join(" ")}`);
  const { code, stderr } = await host.exec(command, { timeoutMs: commandMs });
  return code === 0 ? null : `${command.join(" ")}: ${stderr.trim() || `ended with ${code}`}`;
}
