import type { Followers } from "../../apply/leader.ts";
import type { EniEvent } from "../../eni/propagation/eni-progress.ts";
import {
  clearAnswered,
  collectDueAnswers,
  collectFailedMacs,
  createNicProgress,
  hasUnfinishedWork,
  type HotplugState,
  type NicProgress,
  reduceApplied,
  reduceEvents,
  reduceJoinRequests,
} from "../../eni/propagation/hotplug-state.ts";
import type { Host } from "../../host/host.ts";
import type { TargetHost } from "../../host/target.ts";
import type { ImdsContext } from "../../imds/open-imds.ts";
import { readLinks } from "../../inspect/links/links.ts";
import { readManagedFiles } from "../../inspect/machine/managed-files.ts";
import type { Eni } from "../../model/eni.ts";
import type { OccupiedSlot } from "../../model/link.ts";
import type { NicResult } from "../../model/plan.ts";
import { formatMs } from "../../model/text.ts";
import { findOccupiedSlots } from "../../plan/presence/occupied-slots.ts";
import {
  type AppliedConfiguration,
  configureNics,
  recordSettledNics,
} from "../configure/configure-nics.ts";
import { type LoadedEnis, noLoadedEnis } from "../configure/load-enis.ts";
import { createLinkObserver } from "./link-observer.ts";
import type { HotplugOptions } from "./options.ts";
import { watchEnis } from "./poll.ts";

export interface WatchResult {
  /** The NIC that this run was started for. */
  readonly own: NicProgress;
  /** In order of time. */
  readonly applied: readonly AppliedConfiguration[];
  readonly imds: LoadedEnis["imds"];
}

interface WatchTask {
  /** The NIC that this run was started for. */
  readonly mac: string;
  /** Other runs whose NICs are watched too; null if no run can join. */
  readonly followers: Followers | null;
  /** Called once at the start; `getProgress` may be called at any time. */
  readonly onStart: (getProgress: () => WatchResult) => void;
}

/**
 * Watches the ENI of a NIC, and the ENIs that other runs request. Configures each ENI as soon as it
 * is usable, and again when more of its metadata arrives; ENIs that change together are configured
 * together. A failed activation is tried again when its NIC is requested again, and when the ENI
 * has settled. Ends when all ENIs are settled, or at the deadline. Throws what `watchEnis` and
 * `configureNics` throw.
 */
export async function watchAndConfigure(
  host: TargetHost,
  options: HotplugOptions,
  imds: ImdsContext,
  { mac, followers, onStart }: WatchTask,
): Promise<WatchResult> {
  const store = openNicStore(host, mac, followers);
  const configurator = createConfigurator(host, options, imds, store);
  const { applied, configure, latestEnis, latestProblems, readStats } = configurator;
  const getProgress = (): WatchResult => ({ own: store.getOwnNic(), applied, imds: readStats() });
  onStart(getProgress);
  const macs = async (): Promise<readonly string[]> => {
    const wanted = await store.refresh();
    await configure(store.retryMacs().flatMap((each) => latestEnis.get(each) ?? []));
    return wanted;
  };
  const watchOptions = { ...store, macs, settleMs: options.settleMs };
  for await (const events of watchEnis(host, imds.session, watchOptions)) {
    // at the end, this run's own NIC is configured even if its metadata is incomplete
    const unreported = latestEnis.has(mac) ? [] : [mac];
    const forced = [...store.failedMacs(), ...unreported, ...findUnconfirmedMacs(applied)];
    const isEnd = events.some(({ kind }) => kind === "incomplete");
    for (const event of events) {
      const problems = "problems" in event ? event.problems : [];
      latestProblems.set(
        event.mac,
        problems.map((problem) => `${event.mac}: ${problem}`),
      );
    }
    await configure(selectChangedEnis(events, forced), isEnd);
    store.update((state) => reduceEvents(state, events));
    await store.answerDueRequests();
    await recordSettledEvents(host, options, events, applied);
  }
  await store.close();
  return getProgress();
}

/** `configure` configures one set of ENIs; `applied` contains the results of all its calls. */
function createConfigurator(
  host: TargetHost,
  options: HotplugOptions,
  { session, settings }: ImdsContext,
  store: Pick<NicStore, "readLeases" | "update">,
) {
  const applied: AppliedConfiguration[] = [];
  const latestEnis = new Map<string, Eni>();
  const latestProblems = new Map<string, readonly string[]>();
  const readStats = () => ({ ...session.stats(), elapsedMs: Math.round(host.clock.now()) });
  const configure = async (enis: readonly Eni[], isEnd = false): Promise<void> => {
    if (enis.length === 0) return;
    for (const eni of enis) latestEnis.set(eni.mac, eni);
    const leases = await store.readLeases();
    const problems = enis.flatMap(({ mac }) => latestProblems.get(mac) ?? []);
    const parsed = { ...noLoadedEnis.parsed, enis, problems };
    const loaded = { parsed, imds: readStats(), settings, leases };
    const macs = enis.map((eni) => eni.mac);
    const configuration = await configureNics(host, options, loaded, macs);
    applied.push(configuration);
    for (const nic of isEnd ? [] : configuration.nics) logConfigured(host, options, nic);
    store.update((state) => reduceApplied(state, configuration));
  };
  return { applied, configure, latestEnis, latestProblems, readStats };
}

/** Logs it before the ENI is settled, because the NIC can already be used. */
function logConfigured(
  { clock, log }: Pick<Host, "clock" | "log">,
  { dryRun, settleMs }: HotplugOptions,
  { mac, name, outcome }: NicResult,
): void {
  if (dryRun || settleMs === 0 || outcome !== "configured") return;
  const at = `configured after ${formatMs(clock.now())}`;
  log.info(`${name ?? mac}: ${at}; watching for more metadata`);
}

/** NICs for which the last plan kept DHCP on, because IMDS did not list the address of a lease. */
function findUnconfirmedMacs(applied: readonly AppliedConfiguration[]): readonly string[] {
  const configs = applied.flatMap(({ plan }) => plan.config.nics);
  const last = new Map(configs.map((nic) => [nic.mac, nic]));
  return [...last.values()]
    .filter(({ unlistedFamilies }) => unlistedFamilies.length > 0)
    .map(({ mac }) => mac);
}

/** The latest state of each ENI that is new or changed, or whose MAC is in `forced`. */
function selectChangedEnis(events: readonly EniEvent[], forced: readonly string[]): readonly Eni[] {
  const news = events.filter(
    ({ kind, mac }) => kind === "usable" || kind === "changed" || forced.includes(mac),
  );
  const enis = news.flatMap(({ eni }) => (eni === null ? [] : [[eni.mac, eni] as const]));
  return [...new Map(enis).values()];
}

/** Records NICs that are settled and whose last configuration was activated. */
async function recordSettledEvents(
  host: TargetHost,
  options: HotplugOptions,
  events: readonly EniEvent[],
  applied: readonly AppliedConfiguration[],
): Promise<void> {
  if (options.settleMs === 0) return;
  const last = new Map(applied.flatMap(({ nics }) => nics).map((nic) => [nic.mac, nic.outcome]));
  const isDone = (mac: string) => ["configured", "unchanged"].includes(last.get(mac) ?? "");
  const settled = events.flatMap(({ kind, mac }) => (kind === "settled" ? [mac] : []));
  await recordSettledNics(host, options, settled.filter(isDone));
}

type NicStore = ReturnType<typeof openNicStore>;

/** The state of this run's NIC, of the NICs that other runs request, and of the links. */
function openNicStore(host: TargetHost, ownMac: string, followers: Followers | null) {
  const observer = createLinkObserver(host);
  let nics: HotplugState = [createNicProgress(ownMac)];
  let occupiedSlots: readonly OccupiedSlot[] = [];
  const find = (mac: string) => nics.find(({ nic }) => nic.mac === mac);
  const getOwnNic = (): NicProgress => find(ownMac) ?? createNicProgress(ownMac);
  const nameOf = (mac: string): string | null => find(mac)?.nic.name ?? null;
  const openNics = (): HotplugState => nics.filter(({ isOver }) => !isOver);
  const answerDueRequests = async (): Promise<void> => {
    for (const { joinRequest, answer } of collectDueAnswers(nics))
      await followers?.answer(joinRequest, answer);
    nics = clearAnswered(nics);
  };
  return {
    getOwnNic,
    nameOf,
    answerDueRequests,
    /** Reads new requests and the current links; returns the MACs to watch. */
    refresh: async (): Promise<readonly string[]> => {
      const joinRequests = (await followers?.listRequests()) ?? [];
      const [links, { files }] = [await readLinks(host), await readManagedFiles(host.target)];
      await observer.refresh();
      occupiedSlots = findOccupiedSlots(files, links);
      nics = reduceJoinRequests(nics, joinRequests, { links, nowMs: host.clock.now() });
      await answerDueRequests();
      return hasUnfinishedWork(nics, getOwnNic()) ? openNics().map(({ nic }) => nic.mac) : [];
    },
    occupiedSlots: () => occupiedSlots,
    kernel: (mac: string) => observer.find(nameOf(mac)),
    readLeases: observer.readLeases,
    failedMacs: () => collectFailedMacs(nics),
    retryMacs: () => openNics().flatMap(({ isRetryDue, nic }) => (isRetryDue ? [nic.mac] : [])),
    update: (reduce: (state: HotplugState) => HotplugState) => void (nics = reduce(nics)),
    /** Removes the requests of runs that were killed. */
    close: async () => {
      for (const { joinRequest } of nics.flatMap(({ joinRequests }) => joinRequests))
        await followers?.discard(joinRequest);
    },
  };
}
