import type { Host, Release } from "../host/host.ts";
import { maxLeases } from "./ip-commands.ts";
import type { LeaseJournal, LeaseRecord } from "./journal.ts";
import type { LinkState } from "../model/link.ts";
import { chooseClient, findClients } from "./choose-client.ts";
import type { DhcpClient, NetworkdClient } from "./clients.ts";
import { lockAndRecoverJournal } from "./recover.ts";
import { type LeaseResult, noLease, takeLease, type LeaseTask } from "./take.ts";
import { undoLease } from "./undo.ts";

export type LeaseHost = Pick<
  Host,
  "clock" | "endProcess" | "env" | "exec" | "files" | "log" | "signal" | "takeLock" | "uid"
>;

/** Temporary leases of this run. */
export interface LeaseSession {
  /**
   * A lease on a NIC that has no IPv4 address, put on by then; asked again for the same NIC it gives
   * the same lease, or tries again where there was none. Several NICs at once. It never throws: what
   * goes wrong is the reason of none.
   */
  readonly take: (nic: LeaseTarget, deadlineMs: number) => Promise<LeaseResult>;
  /** Ends what is under way and gives everything back; may be called again, and after a signal. */
  readonly close: () => Promise<void>;
}

export type LeaseTarget = Pick<LinkState, "name" | "mac" | "addresses">;

export interface LeaseSessionOptions {
  /** Hosts to be asked through the NICs: IPv4 addresses. */
  readonly endpoints: readonly string[];
  /** On `Clock.now`: when the run is over at the latest. */
  readonly deadlineMs: number;
}

/** One DHCP exchange takes milliseconds; a server that is slow, or a packet that is lost, seconds. */
const maxExchangeMs = 10_000;

/** The kernel takes an address away that nobody else did: so long after the run's deadline. */
const addressMarginMs = 30_000;

/** EC2's leases last an hour, and nobody renews ours. */
const maxHoldMs = 3_600_000;

/** What a run has that may take leases. */
interface PreparedClient {
  readonly client: DhcpClient | NetworkdClient;
  readonly journal: LeaseJournal;
  readonly release: Release;
  /** Slots below it are those of leases that an earlier run took and that cannot be undone. */
  readonly firstSlot: number;
}

/** Nothing happens before the first `take`. */
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
      noLease(error instanceof Error ? error.message : String(error)),
    );
    // a cable may come, and a packet that was lost need not be the next time
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
    close: () => {
      closed ??= end();
      return closed;
    },
  };
}

interface LeaseRun {
  readonly host: LeaseHost;
  readonly options: LeaseSessionOptions;
  readonly signal: AbortSignal;
  readonly manager: LeaseManager;
}

/** The client and the book, looked for and opened when somebody first asks. */
interface LeaseManager {
  /** A string says why there are none; asked again, they are looked for again. */
  readonly prepare: () => Promise<PreparedClient | string>;
  /** Gives back what these notes tell of. NICs do not wait for each other. */
  readonly undoLeases: (matches: (record: LeaseRecord) => boolean) => Promise<void>;
  /** Gives everything back, and the lock. */
  readonly close: () => Promise<void>;
}

function createLeaseManager(host: LeaseHost): LeaseManager {
  let prepared: Promise<PreparedClient | string> | null = null;
  const getPrepared = async (): Promise<PreparedClient | null> => {
    const found = (await prepared?.catch(() => null)) ?? null;
    return typeof found === "string" ? null : found;
  };
  const undoLeases: LeaseManager["undoLeases"] = async (matches) => {
    const journal = (await getPrepared())?.journal;
    const records = journal?.records().filter(matches) ?? [];
    await Promise.all(
      records.map(async (record) => {
        if (await undoLease(host, record)) await journal?.remove(record);
      }),
    );
  };
  return {
    prepare: async () => {
      prepared ??= prepareClient(host);
      const found = await prepared;
      // another run is done some time: a refusal is no answer for good
      if (typeof found === "string") prepared = null;
      return found;
    },
    undoLeases,
    close: async () => {
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
  if (host.uid !== 0) return noLease("a lease takes root");
  if (nic.mac === null) return noLease("it has no MAC");
  if (nic.addresses.some(({ family }) => family === "ipv4"))
    return noLease("it has an IPv4 address");
  const found = await manager.prepare();
  if (typeof found === "string") return noLease(found);
  const slot = found.firstSlot + slotIndex;
  if (slot >= maxLeases) return noLease("too many leases at once");
  return takeLease(host, {
    ...found,
    ...limitTimes(host.clock.now(), deadlineMs, options),
    endpoints: options.endpoints,
    nic: nic.name,
    mac: nic.mac,
    slot,
    signal,
  });
}

function limitTimes(
  nowMs: number,
  deadlineMs: number,
  run: Pick<LeaseSessionOptions, "deadlineMs">,
): Pick<LeaseTask, "deadlineMs" | "holdSeconds"> {
  const leftMs = Math.max(0, run.deadlineMs - nowMs);
  return {
    deadlineMs: Math.min(deadlineMs, nowMs + maxExchangeMs),
    holdSeconds: Math.ceil(Math.min(maxHoldMs, leftMs + addressMarginMs) / 1000),
  };
}

async function prepareClient(host: LeaseHost): Promise<PreparedClient | string> {
  const { client, trace } = chooseClient(await findClients(host));
  for (const line of trace) host.log.verbose(`dhcp: ${line}`);
  if (client === null) return `there is no DHCP client to ask with: ${trace.join("; ")}`;
  const locked = await lockAndRecoverJournal(host);
  if (locked === null) return "another run takes leases at this moment";
  const firstSlot = Math.max(-1, ...locked.journal.records().map(({ slot }) => slot)) + 1;
  return { client, firstSlot, ...locked };
}
