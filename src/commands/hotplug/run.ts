import type { Batch } from "../../apply/leader.ts";
import type { Host } from "../../host/host.ts";
import { watchEnis } from "./poll.ts";
import type { EniEvent } from "../../eni/propagation/nic.ts";
import { describeMs } from "../../model/text.ts";
import type { Eni } from "../../model/eni.ts";
import type { NicResult } from "../../model/plan.ts";
import { type Leases, untoldFamilies } from "../../plan/config/configure.ts";
import { type AppliedNics, applyNics, noteSettled } from "../configure/apply.ts";
import type { Asked } from "../configure/load-enis.ts";
import type { HotplugOptions } from "./options.ts";
import {
  answered,
  dueAnswers,
  failedMacs,
  isWorthGoingOn,
  newCase,
  type NicCase,
  type NicCases,
  takeApplied,
  takeEvents,
  takeWishes,
} from "../../eni/propagation/cases.ts";
import type { Imds } from "../../imds/open-imds.ts";
import { inspectHost } from "../../inspect/machine/managed-files.ts";
import { readLinks } from "../../inspect/links/links.ts";
import type { TakenPlace } from "../../model/link.ts";
import { takenPlaces } from "../../plan/presence/occupied-slots.ts";
import { type LinkSight, readSights } from "../../inspect/kernel/link-observations.ts";
import {
  knownLeases,
  type LeaseMemory,
  rememberLeases,
} from "../../eni/propagation/dhcp-addresses.ts";

export interface Followed {
  /** The NIC that this run is for. */
  readonly own: NicCase;
  /** In order. */
  readonly applied: readonly AppliedNics[];
  readonly imds: Asked["imds"];
}

interface Task {
  /** The NIC that this run is for. */
  readonly mac: string;
  /** Other runs; null: nobody can join. */
  readonly batch: Batch | null;
  /** Called at the start, with what tells how far it is at any time. */
  readonly onStart: (soFar: () => Followed) => void;
}

/**
 * Watches the ENI of a NIC, and of those that other runs wish for, and configures each the moment it
 * is usable, and again when more of it arrives; what is heard together is activated together. What
 * could not be activated is tried again when its NIC comes again, and when it has settled. Ends
 * when all are settled, or when there is no more time. Throws what the watch and `applyNics` throw.
 */
export async function followEnis(
  host: Host,
  options: HotplugOptions,
  imds: Imds,
  { mac, batch, onStart }: Task,
): Promise<Followed> {
  const book = caseBook(host, { root: options.root, mac, batch });
  const applied: AppliedNics[] = [];
  const known = new Map<string, Eni>();
  const stats = () => ({ ...imds.session.stats(), elapsedMs: Math.round(host.clock.now()) });
  const apply = async (enis: readonly Eni[], isEnd = false): Promise<void> => {
    if (enis.length === 0) return;
    for (const eni of enis) known.set(eni.mac, eni);
    const leases = await book.leases();
    const asked = { parsed: parsedOf(enis), imds: stats(), settings: imds.settings, leases };
    const macs = enis.map((eni) => eni.mac);
    const done = await applyNics(host, options, asked, macs);
    applied.push(done);
    for (const nic of isEnd ? [] : done.nics) tellApplied(host, options, nic);
    book.change((cases) => takeApplied(cases, done));
  };
  const macs = async (): Promise<readonly string[]> => {
    const wanted = await book.macs();
    await apply(book.due().flatMap((each) => known.get(each) ?? []));
    return wanted;
  };
  const soFar = (): Followed => ({ own: book.own(), applied, imds: stats() });
  onStart(soFar);
  const watched = { ...book, macs, settleMs: options.settleMs };
  for await (const events of watchEnis(host, imds.session, watched)) {
    // what this run's own NIC is at the end is known even where it is not whole
    const untold = known.has(mac) ? [] : [mac];
    const isEnd = events.some(({ kind }) => kind === "incomplete");
    await apply(newsOf(events, [...book.failed(), ...untold, ...unsure(applied)]), isEnd);
    book.change((cases) => takeEvents(cases, events));
    await book.answer();
    await noteSettledIn(host, options, events, applied);
  }
  await book.close();
  return soFar();
}

/** Whose DHCP was left on for a lease that IMDS did not list, in the last plan for them. */
function unsure(applied: readonly AppliedNics[]): readonly string[] {
  const configs = applied.flatMap(({ plan }) => plan.config.nics);
  const last = new Map(configs.map((nic) => [nic.mac, nic]));
  return [...last.values()].filter((nic) => untoldFamilies(nic).length > 0).map(({ mac }) => mac);
}

/** Whose watch is over, and whose configuration was activated, is done with. */
async function noteSettledIn(
  host: Host,
  options: HotplugOptions,
  events: readonly EniEvent[],
  applied: readonly AppliedNics[],
): Promise<void> {
  const over = options.settleMs === 0 ? [] : events.filter(({ kind }) => kind === "settled");
  const last = new Map(applied.flatMap(({ nics }) => nics).map((nic) => [nic.mac, nic.outcome]));
  const isDone = (mac: string) => ["configured", "unchanged"].includes(last.get(mac) ?? "");
  const settled = over.map(({ mac }) => mac).filter(isDone);
  await noteSettled(host, options, settled);
}

function parsedOf(enis: readonly Eni[]): Asked["parsed"] {
  return { enis, incomplete: [], ghosts: [], missing: null };
}

/** A person may want to go on with a NIC before it is settled. */
function tellApplied(
  { clock, log }: Pick<Host, "clock" | "log">,
  { dryRun, settleMs }: HotplugOptions,
  { mac, name, outcome }: NicResult,
): void {
  if (dryRun || settleMs === 0 || outcome !== "configured") return;
  const at = `configured after ${describeMs(clock.now())}`;
  log.info(`${name ?? mac}: ${at}; watching for what comes later`);
}

/** The last word on each ENI of which there is something new, or which is `due` in any case. */
function newsOf(events: readonly EniEvent[], due: readonly string[]): readonly Eni[] {
  const news = events.filter(
    ({ kind, mac }) => kind === "usable" || kind === "changed" || due.includes(mac),
  );
  const enis = news.flatMap(({ eni }) => (eni === null ? [] : [[eni.mac, eni] as const]));
  return [...new Map(enis).values()];
}

interface Place {
  readonly root: string;
  /** The NIC that the run is for. */
  readonly mac: string;
  readonly batch: Batch | null;
}

/** The NICs of a run and of those that have joined it, and what their watch asks of them. */
function caseBook(host: Host, { root, mac, batch }: Place) {
  const sights = sightKeeper(host);
  let cases: NicCases = [newCase(mac)];
  let taken: readonly TakenPlace[] = [];
  const own = (): NicCase => cases.find(({ nic }) => nic.mac === mac) ?? newCase(mac);
  const open = (): NicCases => cases.filter(({ isOver }) => !isOver);
  const answer = async (): Promise<void> => {
    for (const due of dueAnswers(cases)) await batch?.answer(due.wish, due.answer);
    cases = answered(cases);
  };
  const macs = async (): Promise<readonly string[]> => {
    const wishes = (await batch?.wishes()) ?? [];
    const [links, { files }] = [await readLinks(host), await inspectHost(host, root)];
    await sights.look();
    taken = takenPlaces(files, links);
    cases = takeWishes(cases, wishes, { links, nowMs: host.clock.now() });
    await answer();
    return isWorthGoingOn(cases, own()) ? open().map(({ nic }) => nic.mac) : [];
  };
  const nameOf = (each: string) => cases.find(({ nic }) => nic.mac === each)?.nic.name ?? null;
  return {
    own,
    answer,
    macs,
    nameOf,
    taken: () => taken,
    kernel: (each: string) => sights.of(nameOf(each)),
    leases: sights.leases,
    failed: () => failedMacs(cases),
    due: () => open().flatMap(({ isDue, nic }) => (isDue ? [nic.mac] : [])),
    change: (by: (before: NicCases) => NicCases) => {
      cases = by(cases);
    },
    /** Takes away what killed runs wished for. */
    close: async () => {
      for (const { wish } of cases.flatMap(({ wishes }) => wishes)) await batch?.drop(wish);
    },
  };
}

interface SightKeeper {
  /** Looks again where the last look is too old. */
  readonly look: () => Promise<void>;
  /** What was seen last of a link, by name; null: nothing. */
  readonly of: (name: string | null) => LinkSight | null;
  /** What DHCP has brought, as it is at this moment. */
  readonly leases: () => Promise<Leases>;
}

/** What DHCP brings is there for seconds before IMDS tells it: a look now and then is enough. */
const goodForMs = 1500;

/**
 * Looks at the kernel's links at a pace of its own, for a watch that asks far more often. Where a
 * look fails, what was seen before stays.
 */
function sightKeeper(host: Pick<Host, "clock" | "exec">): SightKeeper {
  let lookedMs = -Infinity;
  let sights: Readonly<Record<string, LinkSight>> = {};
  let memory: LeaseMemory = {};
  const lookNow = async (): Promise<void> => {
    lookedMs = host.clock.now();
    const seen = await readSights(host);
    if (seen === null) return;
    memory = rememberLeases(memory, seen, lookedMs);
    sights = seen;
  };
  return {
    look: async () => {
      if (host.clock.now() - lookedMs >= goodForMs) await lookNow();
    },
    of: (name) => {
      const sight = name === null ? undefined : sights[name];
      if (name === null || sight === undefined) return null;
      return { ...sight, dhcp: knownLeases(memory)[name] ?? [] };
    },
    leases: async () => {
      await lookNow();
      return knownLeases(memory);
    },
  };
}
