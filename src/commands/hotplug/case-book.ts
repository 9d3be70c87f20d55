import { inspectHost } from "../../inspect/machine/managed-files.ts";
import type { Batch } from "../../apply/join-batch.ts";
import type { Host } from "../../host/host.ts";
import { readLinks } from "../../inspect/links/read-links.ts";
import type { TakenPlace } from "../../model/taken-place.ts";
import { takenPlaces } from "../../plan/presence/occupied-slots.ts";
import {
  answered,
  dueAnswers,
  failedMacs,
  isWorthGoingOn,
  newCase,
  type NicCase,
  type NicCases,
  takeWishes,
} from "../../eni/propagation/cases.ts";
import { sightKeeper } from "./sight-keeper.ts";

interface Place {
  readonly root: string;
  /** The NIC that the run is for. */
  readonly mac: string;
  readonly batch: Batch | null;
}

/** The NICs of a run and of those that have joined it, and what their watch asks of them. */
export function caseBook(host: Host, { root, mac, batch }: Place) {
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
