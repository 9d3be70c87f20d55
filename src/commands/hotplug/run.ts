import type { Followers } from "../../apply/leader.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import { watchEnis } from "./poll.ts";
import type { EniEvent } from "../../eni/propagation/eni-progress.ts";
import { formatMs } from "../../model/text.ts";
import type { Eni } from "../../model/eni.ts";
import type { NicResult } from "../../model/plan.ts";
import { type DhcpAddresses, unlistedLeaseFamilies } from "../../plan/config/configure.ts";
import { type AppliedConfiguration, configureNics, recordSettledNics } from "../configure/apply.ts";
import type { LoadedEnis } from "../configure/load-enis.ts";
import type { HotplugOptions } from "./options.ts";
import {
  clearAnswered,
  collectDueAnswers,
  collectFailedMacs,
  hasUnfinishedWork,
  createNicProgress,
  type NicProgress,
  type HotplugState,
  reduceApplied,
  reduceEvents,
  reduceJoinRequests,
} from "../../eni/propagation/hotplug-state.ts";
import type { ImdsContext } from "../../imds/open-imds.ts";
import { readManagedFiles } from "../../inspect/machine/managed-files.ts";
import { readLinks } from "../../inspect/links/links.ts";
import type { OccupiedSlot } from "../../model/link.ts";
import { findOccupiedSlots } from "../../plan/presence/occupied-slots.ts";
import {
  type LinkObservation,
  readLinkObservations,
} from "../../inspect/kernel/link-observations.ts";
import {
  currentDhcpAddresses,
  type DhcpAddressHistory,
  recordDhcpAddresses,
} from "../../eni/propagation/dhcp-addresses.ts";

export interface WatchResult {
  /** The NIC that this run is for. */
  readonly own: NicProgress;
  /** In order. */
  readonly applied: readonly AppliedConfiguration[];
  readonly imds: LoadedEnis["imds"];
}

interface WatchTask {
  /** The NIC that this run is for. */
  readonly mac: string;
  /** Other runs; null: nobody can join. */
  readonly followers: Followers | null;
  /** Called at the start, with what tells how far it is at any time. */
  readonly onStart: (getProgress: () => WatchResult) => void;
}

/**
 * Watches the ENI of a NIC, and of those that other runs wish for, and configures each the moment it
 * is usable, and again when more of it arrives; what is heard together is activated together. What
 * could not be activated is tried again when its NIC comes again, and when it has settled. Ends
 * when all are settled, or when there is no more time. Throws what the watch and `applyNics` throw.
 */
export async function watchAndConfigure(
  host: TargetHost,
  options: HotplugOptions,
  imds: ImdsContext,
  { mac, followers, onStart }: WatchTask,
): Promise<WatchResult> {
  const store = openHotplugStore(host, { mac, followers });
  const applied: AppliedConfiguration[] = [];
  const latestEnis = new Map<string, Eni>();
  const readStats = () => ({ ...imds.session.stats(), elapsedMs: Math.round(host.clock.now()) });
  const apply = async (enis: readonly Eni[], isEnd = false): Promise<void> => {
    if (enis.length === 0) return;
    for (const eni of enis) latestEnis.set(eni.mac, eni);
    const leases = await store.readLeases();
    const loaded = {
      parsed: toParsedEnis(enis),
      imds: readStats(),
      settings: imds.settings,
      leases,
    };
    const macs = enis.map((eni) => eni.mac);
    const configuration = await configureNics(host, options, loaded, macs);
    applied.push(configuration);
    for (const nic of isEnd ? [] : configuration.nics) logConfigured(host, options, nic);
    store.update((state) => reduceApplied(state, configuration));
  };
  const macs = async (): Promise<readonly string[]> => {
    const requestedMacs = await store.macs();
    await apply(store.retryMacs().flatMap((each) => latestEnis.get(each) ?? []));
    return requestedMacs;
  };
  const getProgress = (): WatchResult => ({ own: store.getOwnNic(), applied, imds: readStats() });
  onStart(getProgress);
  const watchOptions = { ...store, macs, settleMs: options.settleMs };
  for await (const events of watchEnis(host, imds.session, watchOptions)) {
    // what this run's own NIC is at the end is known even where it is not whole
    const unreported = latestEnis.has(mac) ? [] : [mac];
    const isEnd = events.some(({ kind }) => kind === "incomplete");
    await apply(
      selectChangedEnis(events, [
        ...store.failedMacs(),
        ...unreported,
        ...findUnconfirmedMacs(applied),
      ]),
      isEnd,
    );
    store.update((state) => reduceEvents(state, events));
    await store.answerDueRequests();
    await recordSettledEvents(host, options, events, applied);
  }
  await store.close();
  return getProgress();
}

/** Whose DHCP was left on for a lease that IMDS did not list, in the last plan for them. */
function findUnconfirmedMacs(applied: readonly AppliedConfiguration[]): readonly string[] {
  const configs = applied.flatMap(({ plan }) => plan.config.nics);
  const last = new Map(configs.map((nic) => [nic.mac, nic]));
  return [...last.values()]
    .filter((nic) => unlistedLeaseFamilies(nic).length > 0)
    .map(({ mac }) => mac);
}

/** Whose watch is over, and whose configuration was activated, is done with. */
async function recordSettledEvents(
  host: TargetHost,
  options: HotplugOptions,
  events: readonly EniEvent[],
  applied: readonly AppliedConfiguration[],
): Promise<void> {
  const settledEvents =
    options.settleMs === 0 ? [] : events.filter(({ kind }) => kind === "settled");
  const last = new Map(applied.flatMap(({ nics }) => nics).map((nic) => [nic.mac, nic.outcome]));
  const isDone = (mac: string) => ["configured", "unchanged"].includes(last.get(mac) ?? "");
  const settled = settledEvents.map(({ mac }) => mac).filter(isDone);
  await recordSettledNics(host, options, settled);
}

function toParsedEnis(enis: readonly Eni[]): LoadedEnis["parsed"] {
  return { enis, incomplete: [], detachedEnis: [], missing: null };
}

/** A person may want to go on with a NIC before it is settled. */
function logConfigured(
  { clock, log }: Pick<Host, "clock" | "log">,
  { dryRun, settleMs }: HotplugOptions,
  { mac, name, outcome }: NicResult,
): void {
  if (dryRun || settleMs === 0 || outcome !== "configured") return;
  const at = `configured after ${formatMs(clock.now())}`;
  log.info(`${name ?? mac}: ${at}; watching for what comes later`);
}

/** The last word on each ENI of which there is something new, or which is `due` in any case. */
function selectChangedEnis(
  events: readonly EniEvent[],
  alwaysIncluded: readonly string[],
): readonly Eni[] {
  const news = events.filter(
    ({ kind, mac }) => kind === "usable" || kind === "changed" || alwaysIncluded.includes(mac),
  );
  const enis = news.flatMap(({ eni }) => (eni === null ? [] : [[eni.mac, eni] as const]));
  return [...new Map(enis).values()];
}

interface HotplugRun {
  /** The NIC that the run is for. */
  readonly mac: string;
  readonly followers: Followers | null;
}

/** The NICs of a run and of those that have joined it, and what their watch asks of them. */
function openHotplugStore(host: TargetHost, { mac, followers }: HotplugRun) {
  const observer = createLinkObserver(host);
  let cases: HotplugState = [createNicProgress(mac)];
  let occupiedSlots: readonly OccupiedSlot[] = [];
  const getOwnNic = (): NicProgress =>
    cases.find(({ nic }) => nic.mac === mac) ?? createNicProgress(mac);
  const listOpenNics = (): HotplugState => cases.filter(({ isOver }) => !isOver);
  const answerDueRequests = async (): Promise<void> => {
    for (const due of collectDueAnswers(cases))
      await followers?.answer(due.joinRequest, due.answer);
    cases = clearAnswered(cases);
  };
  const refreshMacs = async (): Promise<readonly string[]> => {
    const joinRequests = (await followers?.listRequests()) ?? [];
    const [links, { files }] = [await readLinks(host), await readManagedFiles(host.target)];
    await observer.refresh();
    occupiedSlots = findOccupiedSlots(files, links);
    cases = reduceJoinRequests(cases, joinRequests, { links, nowMs: host.clock.now() });
    await answerDueRequests();
    return hasUnfinishedWork(cases, getOwnNic()) ? listOpenNics().map(({ nic }) => nic.mac) : [];
  };
  const nameOf = (each: string) => cases.find(({ nic }) => nic.mac === each)?.nic.name ?? null;
  return {
    getOwnNic,
    answerDueRequests,
    macs: refreshMacs,
    nameOf,
    occupiedSlots: () => occupiedSlots,
    kernel: (each: string) => observer.find(nameOf(each)),
    readLeases: observer.readLeases,
    failedMacs: () => collectFailedMacs(cases),
    retryMacs: () => listOpenNics().flatMap(({ isRetryDue, nic }) => (isRetryDue ? [nic.mac] : [])),
    update: (reduce: (state: HotplugState) => HotplugState) => {
      cases = reduce(cases);
    },
    /** Takes away what killed runs wished for. */
    close: async () => {
      for (const { joinRequest } of cases.flatMap(({ joinRequests }) => joinRequests))
        await followers?.discard(joinRequest);
    },
  };
}

interface LinkObserver {
  /** Looks again where the last look is too old. */
  readonly refresh: () => Promise<void>;
  /** What was seen last of a link, by name; null: nothing. */
  readonly find: (name: string | null) => LinkObservation | null;
  /** What DHCP has brought, as it is at this moment. */
  readonly readLeases: () => Promise<DhcpAddresses>;
}

/** What DHCP brings is there for seconds before IMDS tells it: a look now and then is enough. */
const maxAgeMs = 1500;

/**
 * Looks at the kernel's links at a pace of its own, for a watch that asks far more often. Where a
 * look fails, what was seen before stays.
 */
function createLinkObserver(host: Pick<Host, "clock" | "exec">): LinkObserver {
  let observedMs = -Infinity;
  let observations: Readonly<Record<string, LinkObservation>> = {};
  let leaseHistory: DhcpAddressHistory = {};
  const observeNow = async (): Promise<void> => {
    observedMs = host.clock.now();
    const observed = await readLinkObservations(host);
    if (observed === null) return;
    leaseHistory = recordDhcpAddresses(leaseHistory, observed, observedMs);
    observations = observed;
  };
  return {
    refresh: async () => {
      if (host.clock.now() - observedMs >= maxAgeMs) await observeNow();
    },
    find: (name) => {
      const observation = name === null ? undefined : observations[name];
      if (name === null || observation === undefined) return null;
      return { ...observation, dhcp: currentDhcpAddresses(leaseHistory)[name] ?? [] };
    },
    readLeases: async () => {
      await observeNow();
      return currentDhcpAddresses(leaseHistory);
    },
  };
}
