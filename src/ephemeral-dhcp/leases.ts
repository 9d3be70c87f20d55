import type { Host, Release } from "../host/host.ts";
import { maxLeases } from "./ip-commands.ts";
import type { LeaseJournal, LeaseRecord } from "./journal.ts";
import type { LinkState } from "../model/link.ts";
import { chooseClient, findClients } from "./choose-client.ts";
import type { ClientHost, LeaseClient } from "./clients/client.ts";
import { errorMessage } from "../exit.ts";
import { lockAndRecoverJournal } from "./recover.ts";
import { type LeaseResult, noLease, takeLease } from "./take.ts";
import { undoLease } from "./undo.ts";

export type LeaseHost = ClientHost & Pick<Host, "env" | "signal" | "takeLock" | "uid">;

/** Temporary leases of this run. */
export interface LeaseSession {
  /**
   * Takes a lease for a NIC that has no IPv4 address, and adds the address. A second call for the
   * same NIC returns the same lease, or tries again if there was no lease. Calls for several NICs
   * can overlap. Never throws: an error becomes the reason why there is no lease.
   */
  readonly take: (nic: LeaseTarget, deadlineMs: number) => Promise<LeaseResult>;
  /** Ends every request and undoes every lease. Can be called again, and after a signal. */
  readonly close: () => Promise<void>;
}

export type LeaseTarget = Pick<LinkState, "name" | "mac" | "addresses">;

export interface LeaseSessionOptions {
  /** IPv4 addresses that must be reached through the NICs. */
  readonly endpoints: readonly string[];
  /** When the run must end, on `Clock.now`. */
  readonly deadlineMs: number;
}

/** A DHCP exchange takes milliseconds, or seconds if the server is slow or a packet is lost. */
const maxExchangeMs = 10_000;

/** If an address is still there so long after the deadline of the run, the kernel removes it. */
const addressMarginMs = 30_000;

/** A lease of EC2 lasts an hour, and ec2nic does not renew it. */
const maxHoldMs = 3_600_000;

interface PreparedClient {
  readonly client: LeaseClient;
  readonly journal: LeaseJournal;
  readonly release: Release;
  /** The lower slots belong to leases of earlier runs that could not be undone. */
  readonly firstSlot: number;
}

/** Changes nothing before the first `take`. */
export function openLeaseSession(host: LeaseHost, options: LeaseSessionOptions): LeaseSession {
  const ending = new AbortController();
  const signal = AbortSignal.any([host.signal, ending.signal]);
  const run: LeaseRun = { host, options, signal, manager: createLeaseManager(host) };
  const taken = new Map<string, Promise<LeaseResult>>();
  const slots = new Map<string, number>();
  let closed: Promise<void> | null = null;
  const start = async (nic: LeaseTarget, deadlineMs: number): Promise<LeaseResult> => {
    const slotIndex = slots.get(nic.name) ?? slots.size;
    slots.set(nic.name, slotIndex);
    const lease = await startLease(run, nic, { slotIndex, deadlineMs }).catch((error: unknown) =>
      noLease(errorMessage(error)),
    );
    // a later try can succeed, for example after a lost packet
    if (lease.kind === "none" && !signal.aborted) {
      await run.manager.undoLeases((record) => record.nic === nic.name);
      taken.delete(nic.name);
    }
    return lease;
  };
  const end = async (): Promise<void> => {
    ending.abort(new Error("the run is over"));
    await Promise.all(taken.values());
    await run.manager.close();
  };
  return {
    take: (nic, deadlineMs) => {
      const lease = taken.get(nic.name) ?? start(nic, deadlineMs);
      taken.set(nic.name, lease);
      return lease;
    },
    close: () => (closed ??= end()),
  };
}

interface LeaseRun {
  readonly host: LeaseHost;
  readonly options: LeaseSessionOptions;
  readonly signal: AbortSignal;
  readonly manager: ReturnType<typeof createLeaseManager>;
}

/** The client and the journal of a run. */
function createLeaseManager(host: LeaseHost) {
  let prepared: Promise<PreparedClient | string> | null = null;
  const getPrepared = async (): Promise<PreparedClient | null> => {
    const found = (await prepared?.catch(() => null)) ?? null;
    return typeof found === "string" ? null : found;
  };
  const undoLeases = async (matches: (record: LeaseRecord) => boolean): Promise<void> => {
    const journal = (await getPrepared())?.journal;
    const undo = async (record: LeaseRecord): Promise<void> => {
      if (await undoLease(host, record)) await journal?.remove(record);
    };
    await Promise.all((journal?.records().filter(matches) ?? []).map(undo));
  };
  return {
    /** Chooses the client and opens the journal, once; a string says why this failed. */
    prepare: async (): Promise<PreparedClient | string> => {
      prepared ??= prepareClient(host);
      const found = await prepared;
      // the next call tries again, because the reason can be temporary, such as another run
      if (typeof found === "string") prepared = null;
      return found;
    },
    undoLeases,
    /** Undoes every lease, and releases the lock. */
    close: async (): Promise<void> => {
      try {
        await undoLeases(() => true);
      } finally {
        (await getPrepared())?.release();
      }
    },
  };
}

async function startLease(
  { host, options, signal, manager }: LeaseRun,
  nic: LeaseTarget,
  { slotIndex, deadlineMs }: { readonly slotIndex: number; readonly deadlineMs: number },
): Promise<LeaseResult> {
  if (signal.aborted) return noLease("the run is ending");
  if (host.uid !== 0) return noLease("a lease can only be taken as root");
  if (nic.mac === null) return noLease("it has no MAC");
  if (nic.addresses.some(({ family }) => family === "ipv4"))
    return noLease("it has an IPv4 address");
  const found = await manager.prepare();
  if (typeof found === "string") return noLease(found);
  const slot = found.firstSlot + slotIndex;
  if (slot >= maxLeases) return noLease("too many leases at once");
  const nowMs = host.clock.now();
  const leftMs = Math.max(0, options.deadlineMs - nowMs);
  return takeLease(host, {
    ...found,
    deadlineMs: Math.min(deadlineMs, nowMs + maxExchangeMs),
    holdSeconds: Math.ceil(Math.min(maxHoldMs, leftMs + addressMarginMs) / 1000),
    endpoints: options.endpoints,
    nic: nic.name,
    mac: nic.mac,
    slot,
    signal,
  });
}

async function prepareClient(host: LeaseHost): Promise<PreparedClient | string> {
  const { client, trace } = chooseClient(await findClients(host));
  for (const line of trace) host.log.verbose(`dhcp: ${line}`);
  if (client === null) return `no DHCP client can be used (${trace.join("; ")})`;
  const locked = await lockAndRecoverJournal(host);
  if (locked === null) return "another ec2nic process is taking leases";
  const firstSlot = Math.max(-1, ...locked.journal.records().map(({ slot }) => slot)) + 1;
  return { client, firstSlot, ...locked };
}
