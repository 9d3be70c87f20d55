import type { Host } from "../host/host.ts";
import type { LinkAddress } from "../model/link.ts";
import type { LeaseBook, LeaseNote } from "./journal.ts";
import { askClient, type DhcpClient, type Networkd } from "./clients.ts";
import { askNetworkd, whyNotNetworkd } from "./networkd.ts";
import { filesBefore } from "./client-files.ts";
import { addAddress, addWay, type Command, setLink, showAddresses } from "./ip-commands.ts";
import { readLinkState } from "../inspect/links/link-states.ts";

/** A lease, or why there is none. */
export type Lease =
  | { readonly kind: "leased"; readonly address: LinkAddress }
  | { readonly kind: "none"; readonly reason: string };

export type TakeHost = Pick<Host, "clock" | "endProcess" | "exec" | "files" | "log">;

export interface Taking {
  readonly nic: string;
  readonly mac: string;
  readonly slot: number;
  /** Whose way leads through the NIC: IPv4 addresses. */
  readonly endpoints: readonly string[];
  readonly client: DhcpClient | Networkd;
  readonly book: LeaseBook;
  /** On `Clock.now`: a lease that is not there by then is none. */
  readonly deadlineMs: number;
  /** So long the address stays at most, if nobody takes it away. */
  readonly holdSeconds: number;
  readonly signal: AbortSignal;
}

const commandMs = 10_000;
const lookAgainMs = 20;
/** Clients count in seconds. */
const leastMs = 1000;

/**
 * Takes a lease on one NIC that has no IPv4 address, and puts the address on. What is about to be
 * changed is in the book before; undoing it is the caller's, also when this throws.
 */
export async function takeLease(host: TakeHost, taking: Taking): Promise<Lease> {
  const { nic, book, signal } = taking;
  if (await hasAddress(host, nic)) return none("it has an IPv4 address");
  const isNetworkd = taking.client.name === "networkd";
  const refusal = isNetworkd ? await whyNotNetworkd(host, taking) : null;
  if (refusal !== null) return none(refusal);
  if (taking.deadlineMs - host.clock.now() < leastMs)
    return none("too little time is left to ask in");
  const note = await firstNote(host, taking);
  signal.throwIfAborted();
  await book.write(note);
  if (note.wasDown) await mustRun(host, setLink(nic, "up"));
  if (!(await hasCarrier(host, taking, note.wasDown))) return none("it has no carrier");
  const address = await ask(host, taking, note);
  signal.throwIfAborted();
  if (address === null) return none(`no DHCP server granted an address to ${taking.client.name}`);
  if (await hasAddress(host, nic)) return none("somebody has just given it an IPv4 address");
  const granted = { ...note, address };
  await book.write(granted);
  await putOn(host, taking, granted);
  signal.throwIfAborted();
  host.log.verbose(`${nic}: has ${address} for now, by ${taking.client.name}`);
  return {
    kind: "leased",
    address: { nic, family: "ipv4", address, prefixLength: 32, scopeId: 0 },
  };
}

export function none(reason: string): Lease {
  return { kind: "none", reason };
}

async function firstNote(
  host: TakeHost,
  { nic, mac, slot, endpoints, client }: Taking,
): Promise<LeaseNote> {
  const wasDown = !(await readLinkState(host, nic)).isUp;
  const left = await filesBefore(host, client.name, { nic, mac });
  const isNetworkd = client.name === "networkd";
  const nothing = { address: null, client: null };
  return { nic, mac, slot, wasDown, endpoints, isNetworkd, ...nothing, ...left };
}

/** A link that has just been put up needs a moment; what is up without carrier has no cable. */
async function hasCarrier(host: TakeHost, taking: Taking, isFresh: boolean): Promise<boolean> {
  for (;;) {
    if ((await readLinkState(host, taking.nic)).hasCarrier) return true;
    if (!isFresh || host.clock.now() >= taking.deadlineMs) return false;
    await host.clock.sleep(lookAgainMs, taking.signal);
  }
}

async function ask(host: TakeHost, taking: Taking, note: LeaseNote): Promise<string | null> {
  const { nic, client, book, deadlineMs, signal } = taking;
  if (client.name === "networkd") return askNetworkd(host, taking);
  const seconds = Math.floor((deadlineMs - host.clock.now()) / 1000);
  if (seconds < 1) return null;
  const onStart = (process: LeaseNote["client"]): Promise<void> =>
    book.write({ ...note, client: process });
  return askClient(host, { client, nic, seconds, signal, onStart });
}

/** Without `ip rule` (busybox's may lack it) the answer gets in all the same where nothing filters. */
async function putOn(host: TakeHost, taking: Taking, note: LeaseNote): Promise<void> {
  await mustRun(host, addAddress(note, taking.holdSeconds));
  for (const command of addWay(note)) {
    const said = await run(host, command);
    if (said !== null) host.log.verbose(`${note.nic}: ${said}, ignoring`);
  }
}

async function hasAddress(host: TakeHost, nic: string): Promise<boolean> {
  const command = showAddresses(nic);
  const { code, stdout, stderr } = await host.exec(command, { timeoutMs: commandMs });
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim() || `ended with ${code}`}`);
  return stdout.includes(" inet ");
}

async function mustRun(host: TakeHost, command: Command): Promise<void> {
  const said = await run(host, command);
  if (said !== null) throw new Error(said);
}

/** What a command said that failed; null: it did not. */
async function run(host: TakeHost, command: Command): Promise<string | null> {
  host.log.verbose(`runs ${command.join(" ")}`);
  const { code, stderr } = await host.exec(command, { timeoutMs: commandMs });
  return code === 0 ? null : `${command.join(" ")}: ${stderr.trim() || `ended with ${code}`}`;
}
