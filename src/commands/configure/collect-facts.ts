import { inspectBackends, readActiveProfiles } from "../../inspect/machine/backends.ts";
import { inspectDns } from "../../inspect/machine/dns.ts";
import { readOtherFiles } from "../../inspect/machine/other-files.ts";
import { readInterruptedRun } from "../../apply/interrupted-run.ts";
import type { TargetHost } from "../../host/target.ts";
import { readKernel } from "../../inspect/kernel/kernel-state.ts";
import type { Link } from "../../model/link.ts";
import type { Eni } from "../../model/eni.ts";
import { filterNicLinks } from "../../plan/config/match-nics.ts";
import { type NicPresence, findAbsentEnis } from "../../plan/presence/removal.ts";
import type { NetworkFacts } from "../../plan/files/plan-network.ts";
import type { ActivateOptions } from "./options.ts";
import type { LoadedEnis } from "./load-enis.ts";
import { chooseStage } from "./stage.ts";
import { findRemovedNics } from "./find-removed.ts";
import type { CollectedFacts } from "../../plan/facts.ts";

/** `all`: what IMDS says is about the machine as a whole; else about these NICs alone, by MAC. */
export type NicSelection = "all" | readonly string[];

/**
 * What the kernel shows and what lies below the root. Reads only; throws what the readers throw.
 * With a `subject`, NICs of ours whose devices have left the machine are looked for, too; those that
 * IMDS lists and that cannot be here count as gone in any case.
 */
export async function collectFacts(
  host: TargetHost,
  { stage: requestedStage, check, metadata }: ActivateOptions,
  { parsed, leases = {} }: Pick<LoadedEnis, "parsed" | "leases">,
  selection: NicSelection | null = null,
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
  const [dns, profiles, kernel, interruptedRun] = await Promise.all([
    inspectDns(host.target, isInstalled),
    isLive && isRunning ? readActiveProfiles(host) : {},
    isLive || (check && isThisMachine) ? readKernel(host) : null,
    isLive ? readInterruptedRun(host) : null,
  ]);
  // saved metadata and another root are of another machine, or of another time
  const isCurrentMachine = isLive && metadata === null && isThisMachine;
  const listed = isCurrentMachine ? [...parsed.enis, ...parsed.incomplete] : [];
  const absent = findAbsentEnis(listed, { links, devices });
  const onBus = selectMacs("on-bus", removals);
  const gone = selection === null ? [] : selectMacs("gone", removals);
  const scope = buildScope(selection, [...new Set([...gone, ...absent])]);
  const selectedEnis = isMacList(selection)
    ? { ...parsed, enis: keepPresent(parsed.enis, links) }
    : parsed;
  const facts = {
    ...selectedEnis,
    links,
    state,
    onBus,
    ...(isLive ? { leases } : {}),
    ...scope,
  };
  const environment = { backends, dns, otherFiles, profiles, stage, stageReason };
  return { facts, ...environment, kernel, interruptedRun, devices };
}

function selectMacs(
  wanted: NicPresence["presence"],
  removals: readonly NicPresence[],
): readonly string[] {
  return removals.filter(({ presence }) => presence === wanted).map(({ mac }) => mac);
}

function isMacList(selection: NicSelection | null): selection is readonly string[] {
  return selection !== null && selection !== "all";
}

/** A NIC of an event may have gone since; the event of that tells what is to be done. */
function keepPresent(enis: readonly Eni[], links: readonly Link[]): readonly Eni[] {
  const present = new Set(filterNicLinks(links).map(({ mac }) => mac));
  return enis.filter(({ mac }) => present.has(mac));
}

function buildScope(
  selection: NicSelection | null,
  gone: readonly string[],
): Pick<NetworkFacts, "scope"> {
  if (selection === null && gone.length === 0) return {};
  const macs = isMacList(selection) ? [...selection, ...gone] : null;
  return { scope: { macs, gone } };
}
