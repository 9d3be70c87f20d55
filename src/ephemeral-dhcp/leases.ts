import type { Host, Release } from "../host/host.ts";
import { mostLeases } from "./ip-commands.ts";
import type { LeaseBook, LeaseNote } from "./journal.ts";
import type { LinkState } from "../model/link.ts";
import { chooseClient, findClients } from "./choose-client.ts";
import type { DhcpClient, Networkd } from "./clients.ts";
import { holdBook } from "./recover.ts";
import { type Lease, none, takeLease, type Taking } from "./take.ts";
import { undoLease } from "./undo.ts";

export type LeaseHost = Pick<
  Host,
  "clock" | "endProcess" | "env" | "exec" | "files" | "log" | "signal" | "takeLock" | "uid"
>;

/** Temporary leases of this run. */
export interface Leases {
  /**
   * A lease on a NIC that has no IPv4 address, put on by then; asked again for the same NIC it gives
   * the same lease, or tries again where there was none. Several NICs at once. It never throws: what
   * goes wrong is the reason of none.
   */
  readonly take: (nic: Taker, deadlineMs: number) => Promise<Lease>;
  /** Ends what is under way and gives everything back; may be called again, and after a signal. */
  readonly close: () => Promise<void>;
}

export type Taker = Pick<LinkState, "name" | "mac" | "addresses">;

export interface LeaseWish {
  /** Hosts to be asked through the NICs: IPv4 addresses. */
  readonly endpoints: readonly string[];
  /** On `Clock.now`: when the run is over at the latest. */
  readonly deadlineMs: number;
}

/** One DHCP exchange takes milliseconds; a server that is slow, or a packet that is lost, seconds. */
const longestMs = 10_000;

/** The kernel takes an address away that nobody else did: so long after the run's deadline. */
const spareMs = 30_000;

/** EC2's leases last an hour, and nobody renews ours. */
const longestHoldMs = 3_600_000;

/** What a run has that may take leases. */
interface Ready {
  readonly client: DhcpClient | Networkd;
  readonly book: LeaseBook;
  readonly release: Release;
  /** Slots below it are those of leases that an earlier run took and that cannot be undone. */
  readonly firstSlot: number;
}

/** Nothing happens before the first `take`. */
export function openLeases(host: LeaseHost, wish: LeaseWish): Leases {
  const ending = new AbortController();
  const signal = AbortSignal.any([host.signal, ending.signal]);
  const run: Run = { host, wish, signal, desk: openDesk(host) };
  const taken = new Map<string, Promise<Lease>>();
  const slots = new Map<string, number>();
  let closed: Promise<void> | null = null;
  const start = async (nic: Taker, deadlineMs: number): Promise<Lease> => {
    const at = slots.get(nic.name) ?? slots.size;
    slots.set(nic.name, at);
    const lease = await startLease(run, nic, { at, deadlineMs }).catch((error: unknown) =>
      none(error instanceof Error ? error.message : String(error)),
    );
    // a cable may come, and a packet that was lost need not be the next time
    if (lease.kind === "none" && !signal.aborted) {
      await run.desk.giveBack((note) => note.nic === nic.name);
      taken.delete(nic.name);
    }
    return lease;
  };
  const end = async (): Promise<void> => {
    ending.abort(new Error("the run is over"));
    await Promise.all(taken.values());
    await run.desk.close();
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

interface Run {
  readonly host: LeaseHost;
  readonly wish: LeaseWish;
  readonly signal: AbortSignal;
  readonly desk: Desk;
}

/** The client and the book, looked for and opened when somebody first asks. */
interface Desk {
  /** A string says why there are none; asked again, they are looked for again. */
  readonly ready: () => Promise<Ready | string>;
  /** Gives back what these notes tell of. NICs do not wait for each other. */
  readonly giveBack: (isMeant: (note: LeaseNote) => boolean) => Promise<void>;
  /** Gives everything back, and the lock. */
  readonly close: () => Promise<void>;
}

function openDesk(host: LeaseHost): Desk {
  let made: Promise<Ready | string> | null = null;
  const opened = async (): Promise<Ready | null> => {
    const found = (await made?.catch(() => null)) ?? null;
    return typeof found === "string" ? null : found;
  };
  const giveBack: Desk["giveBack"] = async (isMeant) => {
    const book = (await opened())?.book;
    const notes = book?.notes().filter(isMeant) ?? [];
    await Promise.all(
      notes.map(async (note) => {
        if (await undoLease(host, note)) await book?.remove(note);
      }),
    );
  };
  return {
    ready: async () => {
      made ??= makeReady(host);
      const found = await made;
      // another run is done some time: a refusal is no answer for good
      if (typeof found === "string") made = null;
      return found;
    },
    giveBack,
    close: async () => {
      try {
        await giveBack(() => true);
      } finally {
        (await opened())?.release();
      }
    },
  };
}

async function startLease(
  { host, wish, signal, desk }: Run,
  nic: Taker,
  { at, deadlineMs }: { readonly at: number; readonly deadlineMs: number },
): Promise<Lease> {
  if (signal.aborted) return none("the run is ending");
  if (host.uid !== 0) return none("a lease takes root");
  if (nic.mac === null) return none("it has no MAC");
  if (nic.addresses.some(({ family }) => family === "ipv4")) return none("it has an IPv4 address");
  const found = await desk.ready();
  if (typeof found === "string") return none(found);
  const slot = found.firstSlot + at;
  if (slot >= mostLeases) return none("too many leases at once");
  return takeLease(host, {
    ...found,
    ...timesOf(host.clock.now(), deadlineMs, wish),
    endpoints: wish.endpoints,
    nic: nic.name,
    mac: nic.mac,
    slot,
    signal,
  });
}

function timesOf(
  nowMs: number,
  deadlineMs: number,
  run: Pick<LeaseWish, "deadlineMs">,
): Pick<Taking, "deadlineMs" | "holdSeconds"> {
  const leftMs = Math.max(0, run.deadlineMs - nowMs);
  return {
    deadlineMs: Math.min(deadlineMs, nowMs + longestMs),
    holdSeconds: Math.ceil(Math.min(longestHoldMs, leftMs + spareMs) / 1000),
  };
}

async function makeReady(host: LeaseHost): Promise<Ready | string> {
  const { client, trace } = chooseClient(await findClients(host));
  for (const line of trace) host.log.verbose(`dhcp: ${line}`);
  if (client === null) return `there is no DHCP client to ask with: ${trace.join("; ")}`;
  const held = await holdBook(host);
  if (held === null) return "another run takes leases at this moment";
  const firstSlot = Math.max(-1, ...held.book.notes().map(({ slot }) => slot)) + 1;
  return { client, firstSlot, ...held };
}
