import { readInterruptedRun } from "../../apply/interrupted-run.ts";
import { readRepairNotes } from "../../apply/repair-notes.ts";
import type { TargetHost } from "../../host/target.ts";
import { readKernel } from "../../inspect/kernel/kernel-state.ts";
import { inspectBackends, readActiveProfiles } from "../../inspect/machine/backends.ts";
import { readDaemonLinks } from "../../inspect/machine/daemon-links.ts";
import { inspectDns } from "../../inspect/machine/dns.ts";
import { readOtherFiles } from "../../inspect/machine/other-files.ts";
import type { Eni } from "../../model/eni.ts";
import type { Link } from "../../model/link.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import type { CollectedFacts } from "../../plan/facts.ts";
import type { NetworkFacts } from "../../plan/files/plan-network.ts";
import { type NicPresence, findAbsentEnis } from "../../plan/presence/removal.ts";
import { findRemovedNics } from "./find-removed.ts";
import type { LoadedEnis } from "./load-enis.ts";
import type { ConfigureOptions } from "./options.ts";
import { chooseStage } from "./choose-stage.ts";

/**
 * The NICs of a run: those with the listed MACs, or `all` that IMDS lists. Such a run also removes
 * the configuration of removed NICs. null means all NICs too, but keeps that configuration.
 */
export type NicSelection = "all" | readonly string[] | null;

/**
 * Reads all facts that a plan depends on, from the kernel and from files below the root. A NIC that
 * IMDS lists, but that cannot be present, counts as gone even if `selection` is null. Throws what
 * the readers throw.
 */
export async function collectFacts(
  host: TargetHost,
  { stage: requestedStage, check = false, metadata }: ConfigureOptions,
  { parsed, leases = {} }: LoadedEnis,
  selection: NicSelection,
): Promise<CollectedFacts> {
  const { stage, reason: stageReason } = await chooseStage(host, requestedStage);
  const isLive = stage === "network";
  const { isThisMachine } = host.target;
  const [{ links, state, devices, removals }, backends, otherFiles] = await Promise.all([
    findRemovedNics(host),
    inspectBackends(host),
    readOtherFiles(host.target),
  ]);
  const { isInstalled, isRunning } = backends.networkManager;
  const [dns, daemonLinks, profiles, kernel, interruptedRun, repairNotes] = await Promise.all([
    inspectDns(host.target, isInstalled),
    isThisMachine ? readDaemonLinks(host, filterNicLinks(links), isRunning) : {},
    isLive && isRunning ? readActiveProfiles(host) : {},
    isLive || (check && isThisMachine) ? readKernel(host) : null,
    isLive ? readInterruptedRun(host) : null,
    readRepairNotes(host),
  ]);
  // saved metadata and images can be from another machine, or old
  const isCurrent = isLive && metadata === undefined && isThisMachine;
  const listed = isCurrent ? [...parsed.enis, ...parsed.incomplete] : [];
  const absent = findAbsentEnis(listed, { links, devices });
  const gone = selection === null ? [] : selectMacs("gone", removals);
  const facts = {
    ...parsed,
    ...(isMacList(selection) ? { enis: dropAbsent(parsed.enis, links) } : {}),
    links,
    state,
    onBus: selectMacs("on-bus", removals),
    ...(isLive ? { leases } : {}),
    ...buildScope(selection, [...new Set([...gone, ...absent])]),
  };
  const environment = { backends, daemonLinks, dns, otherFiles, profiles, stage, stageReason };
  return { facts, ...environment, kernel, interruptedRun, repairNotes, devices };
}

function selectMacs(wanted: NicPresence["presence"], removals: readonly NicPresence[]) {
  return removals.filter(({ presence }) => presence === wanted).map(({ mac }) => mac);
}

function isMacList(selection: NicSelection): selection is readonly string[] {
  return selection !== null && selection !== "all";
}

/** Leaves out NICs that were removed after their event, because a later event handles that. */
function dropAbsent(enis: readonly Eni[], links: readonly Link[]): readonly Eni[] {
  const present = new Set(filterNicLinks(links).map(({ mac }) => mac));
  return enis.filter(({ mac }) => present.has(mac));
}

function buildScope(selection: NicSelection, gone: readonly string[]): Pick<NetworkFacts, "scope"> {
  if (selection === null && gone.length === 0) return {};
  const macs = isMacList(selection) ? [...selection, ...gone] : null;
  return { scope: { macs, gone } };
}
